// Sources of a page's data: the dashboard's API, or the report's own file.

/** An error with a sentence for the user and an HTTP status, 0 if there was no response. */
export class Trouble extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** Client of the dashboard's API. */
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
      throw new Trouble("No response from the dashboard: is it still running in its terminal?", 0);
    }
    if (reply.status === 401) {
      throw new Trouble("The token is missing or wrong: open the address that the terminal printed.", 401);
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

/** The data in a report. */
export class Still {
  constructor(report) {
    this.report = report;
    this.asks = false;
  }

  async view(key, view) {
    return this.report.views[view];
  }
}
