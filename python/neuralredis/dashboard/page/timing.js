// When things are asked for: again and again, but not by a page that nobody sees; and the latest question only.

/** Does work now and again after some time, while the page is seen; `pause` returns the milliseconds. */
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

/** Returns what asks for work after a rest; questions that come during it, but for the last, are left out. */
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
