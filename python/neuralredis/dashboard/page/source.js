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
    const content = await reply.json();
    if (!reply.ok) throw new Trouble(content.error, reply.status);
    return content;
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

/** The values of a form as the exported network takes them. */
function given(form, row, events) {
  if (events) return [...events, ...(isEvent(row) ? [row] : [])].map((one) => (form.inputs > 1 ? one : Object.values(one)[0]));
  if (form.named) return row;
  return Array.isArray(row) ? row : Object.values(row);
}

/** Whether a row of the form has any value. */
export function isEvent(row) {
  return Object.values(row).some((value) => value !== null);
}

/** The data in a report, and predictions by the network in it. */
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
    const input = given(form, row, sequence);
    const outputs = this.network.run(input).map((value, at) => ({ name: form.labels[at], value }));
    if (!form.classifier) return { numbers: outputs.map((one) => ({ ...one, low: null, high: null })) };
    // The predicted class comes first; it need not be the most probable one.
    const best = String(this.network.classify(input));
    outputs.sort((a, b) => (b.name === best) - (a.name === best) || b.value - a.value);
    return {
      classes: outputs.slice(0, form.most).map(({ name, value }) => ({ name, probability: value })),
      more: Math.max(outputs.length - form.most, 0),
      probabilities: form.probabilities,
    };
  }
}
