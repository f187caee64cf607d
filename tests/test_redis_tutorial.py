"""The tutorial of the original module, command by command: the replies are those that redis-cli shows."""

from __future__ import annotations

from collections.abc import Iterator

import dialogue
import pytest
import tutorial

import servers


@pytest.fixture
def connection(server: servers.Server) -> Iterator[dialogue.Connection]:
    connection = dialogue.Connection(server)
    yield connection
    connection.close()


def test_tutorial_hello_world(connection: dialogue.Connection) -> None:
    dialogue.play(
        connection,
        """
> NR.CREATE net REGRESSOR 2 3 -> 1 NORMALIZE DATASET 50 TEST 10
(integer) 13
> NR.OBSERVE net 1 2 -> 3
1) (integer) 1
2) (integer) 0
> NR.OBSERVE net 4 5 -> 9
1) (integer) 1
2) (integer) 1
> NR.OBSERVE net 3 4 -> 7
1) (integer) 2
2) (integer) 1
> NR.OBSERVE net 1 1 -> 2
1) (integer) 3
2) (integer) 1
> NR.OBSERVE net 2 2 -> 4
1) (integer) 4
2) (integer) 1
> NR.OBSERVE net 0 9 -> 9
1) (integer) 5
2) (integer) 1
> NR.OBSERVE net 7 5 -> 12
1) (integer) 6
2) (integer) 1
> NR.OBSERVE net 3 1 -> 4
1) (integer) 6
2) (integer) 2
> NR.OBSERVE net 5 6 -> 11
1) (integer) 7
2) (integer) 2
> NR.TRAIN net AUTOSTOP
Training has started
> NR.WAIT net
~~
> NR.RUN net 1 1
1) "~"
> NR.RUN net 3 2
1) "~"
> NR.INFO net
 1) id
 2) (integer) 1
 3) type
 4) regressor
 5) auto-normalization
 6) (integer) 1
 7) training
 8) (integer) 0
 9) layout
10) 1) (integer) 2
    2) (integer) 3
    3) (integer) 1
11) training-dataset-maxlen
12) (integer) 50
13) training-dataset-len
14) (integer) 7
15) test-dataset-maxlen
16) (integer) 10
17) test-dataset-len
18) (integer) 2
19) training-total-steps
20) (integer) ~
21) training-total-seconds
22) 0.~
23) dataset-error
24) "~"
25) test-error
26) "~"
27) overfitting-detected
28) ~~
29) training-total-cycles
30) (integer) ~
31) parameters
32) (integer) 13
33) activation
34) relu
35) output
36) linear
37) loss
38) mse
39) algorithm
40) auto
41) l2
42) auto
43) ensemble
44) auto
45) class-weight
46) none
47) patience
48) auto
49) monotone
50) none
51) threshold
52) "0.5"
53) members
54) (integer) 4
55) test-error-optimistic
56) ~~
57) training-warnings
58) (empty array)
59) memory-bytes
60) (integer) ~
61) restarts
62) auto
> NR.RUN net 10 10
1) "~"
""",
    )


def test_tutorial_classification(connection: dialogue.Connection) -> None:
    dialogue.play(
        connection,
        """
> NR.CREATE mynet CLASSIFIER 5 10 -> 3
(integer) 93
> NR.RUN mynet 0 1 1 0 1
1) "~"
2) "~"
3) "~"
> NR.CLASS mynet 0 1 1 0 1
(integer) ~
> NR.OBSERVE mynet 1 0.4 .2 0 1 -> 2
1) (integer) 1
2) (integer) 0
> NR.GETDATA mynet TRAIN 0
1) 1) "1"
   2) "0.4"
   3) "0.2"
   4) "0"
   5) "1"
2) 1) "0"
   2) "0"
   3) "1"
> NR.GETDATA mynet TRAIN 1
(nil)
> NR.GETDATA mynet TEST 0
(nil)
> NR.THREADS
(empty array)
> NR.RESET mynet
OK
""",
    )


def test_tutorial_titanic(connection: dialogue.Connection) -> None:
    assert connection.ask("NR.CREATE mynet CLASSIFIER 9 15 -> 2 DATASET 1000 TEST 500 NORMALIZE") == "(integer) 182"
    X, y = tutorial.titanic_rows()
    for inputs, survived in list(zip(X, y, strict=True))[:601]:
        connection.ask(f"NR.OBSERVE mynet {' '.join(str(float(x)) for x in inputs)} -> {int(survived)}")
    dialogue.play(
        connection,
        """
> NR.INFO mynet
 1) id
 2) (integer) 1
 3) type
 4) classifier
 5) auto-normalization
 6) (integer) 1
 7) training
 8) (integer) 0
 9) layout
10) 1) (integer) 9
    2) (integer) 15
    3) (integer) 2
11) training-dataset-maxlen
12) (integer) 1000
13) training-dataset-len
14) (integer) 401
15) test-dataset-maxlen
16) (integer) 500
17) test-dataset-len
18) (integer) 200
19) training-total-steps
20) (integer) 0
21) training-total-seconds
22) 0.00
23) dataset-error
24) "0"
25) test-error
26) "0"
27) classification-errors-perc
28) 0.00
29) overfitting-detected
30) no
31) training-total-cycles
32) (integer) 0
33) parameters
34) (integer) 182
35) activation
36) relu
37) output
38) softmax
39) loss
40) crossentropy
41) algorithm
42) auto
43) l2
44) auto
45) ensemble
46) auto
47) class-weight
48) none
49) patience
50) auto
51) monotone
52) none
53) threshold
54) "0.5"
55) members
56) (integer) 1
57) test-error-optimistic
58) no
59) training-warnings
60) (empty array)
61) memory-bytes
62) (integer) ~
63) restarts
64) auto
> NR.TRAIN mynet AUTOSTOP BACKTRACK
Training has started
> NR.WAIT mynet
~~
> NR.RUN mynet 1 0 0 0 1 30 0 0 200
1) "~"
2) "~"
> NR.TRAIN mynet MAXTIME 30000
Training has started
> NR.TRAIN mynet
(error) NRSTATE the network is already being trained
> NR.WAIT mynet 100
(nil)
> NR.THREADS
1) nn_id=1 cycle=~ key=mynet db=0 maxtime=30000 maxcycles=0 trainerr=~ testerr=~ classerr=~ state=running seconds=~
> NR.STOP mynet
(integer) 1
> NR.WAIT mynet
~~
> NR.STOP mynet
(integer) 0
> NR.WAIT mynet
idle
> NR.TRAIN mynet MAXCYCLES 100 BLOCK 10000
finished
""",
    )
    wrong = sum(
        connection.ask(f"NR.CLASS mynet {' '.join(str(float(x)) for x in inputs)}") != f"(integer) {int(survived)}"
        for inputs, survived in list(zip(X, y, strict=True))[601:]
    )
    assert wrong < 80, "of 290; always predicting the more frequent class gives more than 100 errors"
