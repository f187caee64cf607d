// Where a page has what it shows: from the dashboard, or from the report that it is in.

/** What went wrong, in a sentence for people. */
export class Trouble extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Asks the dashboard, with its token. */
export class Live {
  constructor(token) {
    this.token = token;
    this.asks = true;
  }

  async ask(path, sent) {
    const headers = { Authorization: `Bearer ${this.token}` };
    const options = sent === undefined ? { headers } : { method: "POST", headers, body: JSON.stringify(sent) };
    let reply;
    try {
      reply = await fetch(`/api/${path}`, options);
    } catch {
      throw new Trouble("The dashboard does not answer: is it still running in its terminal?", 0);
    }
    if (reply.status === 401) {
      throw new Trouble("This page has no right token. Open the address that the terminal shows.", 401);
    }
    const told = await reply.json();
    if (!reply.ok) throw new Trouble(told.error, reply.status);
    return told;
  }

  networks() {
    return this.ask("networks");
  }

  network(key) {
    return this.ask(`networks/${key}`);
  }

  view(key, view) {
    return this.ask(`networks/${key}/views/${view}`);
  }

  answer(key, view, sent) {
    return this.ask(`networks/${key}/views/${view}`, sent);
  }

  train(key, sent) {
    return this.ask(`networks/${key}/train`, sent);
  }

  stop(key) {
    return this.ask(`networks/${key}/stop`, {});
  }
}

/** Tells what a report holds. */
export class Still {
  constructor(report) {
    this.report = report;
    this.asks = false;
  }

  async view(key, view) {
    return this.report.views[view];
  }
}
