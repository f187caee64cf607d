"""Tables of people, with names, texts and gaps, as the rows of numbers that a network takes."""
