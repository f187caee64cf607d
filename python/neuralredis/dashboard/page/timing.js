// Polling that pauses while the page is hidden, and requests of which only the latest counts.

/** Calls `work` now and after each `pause()` milliseconds, while the page is visible. */
export function every(pause, work) {
  let timer = 0;
  let stopped = false;
  let busy = false;
  async function turn() {
    clearTimeout(timer);
    if (stopped || busy || document.hidden) return;
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
    }
    if (!stopped) timer = setTimeout(turn, pause());
  }
  document.addEventListener("visibilitychange", turn);
  turn();
  return {
    now: turn,
    stop() {
      stopped = true;
      clearTimeout(timer);
      document.removeEventListener("visibilitychange", turn);
    },
  };
}

/** Returns a function that calls `work` after `rest` milliseconds; of calls during that time only the last counts. */
export function latest(rest, work) {
  let timer = 0;
  let busy = false;
  let again = false;
  async function turn() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      await work();
    } finally {
      busy = false;
      if (again) {
        again = false;
        turn();
      }
    }
  }
  return () => {
    clearTimeout(timer);
    timer = setTimeout(turn, rest);
  };
}
