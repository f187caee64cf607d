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

/** What a form holds, as the exported network takes it. */
function given(form, row, events) {
  if (events) return [...events, ...(isEvent(row) ? [row] : [])].map((one) => (form.inputs > 1 ? one : Object.values(one)[0]));
  if (form.named) return row;
  return Array.isArray(row) ? row : Object.values(row);
}

/** Whether anything is said of one more event. */
export function isEvent(row) {
  return Object.values(row).some((value) => value !== null);
}

/** Tells what a report holds, and answers its form by the network that is in it. */
export class Still {
  constructor(report, network) {
    this.report = report;
    this.network = network;
    this.asks = false;
  }

  async view(key, view) {
    return this.report.views[view];
  }

  async answer(key, view, { row, sequence }) {
    const form = this.report.views.ask;
    const asked = given(form, row, sequence);
    const told = this.network.run(asked).map((value, at) => ({ name: form.labels[at], value }));
    if (!form.classifier) return { numbers: told.map((one) => ({ ...one, low: null, high: null })) };
    // What it answers comes first, whatever it goes by.
    const best = String(this.network.classify(asked));
    told.sort((a, b) => (b.name === best) - (a.name === best) || b.value - a.value);
    return {
      classes: told.slice(0, form.most).map(({ name, value }) => ({ name, probability: value })),
      more: Math.max(told.length - form.most, 0),
      probabilities: form.probabilities,
    };
  }
}
