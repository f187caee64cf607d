mod crew;
mod pool;
