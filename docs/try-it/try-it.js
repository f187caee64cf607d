// What a person sees of the networks of try-it.md.

import { Network, ready } from "../js/src/index.js";

const $ = (id) => document.getElementById(id);
const percent = (share) => `${(100 * share).toFixed(1)} %`;

function fault(message) {
  $("ti-fault").textContent = `Something went wrong: ${message}`;
  $("ti-fault").hidden = false;
}

/** A worker that learns, started when it is first needed. */
function learner(hear) {
  const worker = new Worker(new URL("./learner.js", import.meta.url), { type: "module" });
  worker.onmessage = ({ data }) => (data.fault ? fault(data.fault) : hear(data));
  worker.onerror = (event) => fault(event.message ?? "a worker cannot be loaded");
  return worker;
}

/** A button that says Learn, or Stop while something is learnt. */
function toggle(button, start, stop) {
  let learning = false;
  const show = (is) => {
    learning = is;
    button.textContent = is ? "Stop" : "Learn again";
  };
  button.addEventListener("click", () => {
    if (learning) stop();
    else {
      show(true);
      start();
    }
  });
  return () => show(false);
}

// Circles

const canvas = $("ti-plane");
let [seed, shownPoints, shownPlane] = [7, undefined, undefined];

/** The colours of the classes, as the style has them now. */
function colours() {
  const style = getComputedStyle(canvas.closest(".ti"));
  return [0, 1, 2].map((at) => style.getPropertyValue(`--ti-${at}`).trim().split(/\s+/).map(Number));
}

function draw() {
  const context = canvas.getContext("2d");
  const palette = colours();
  const ground = getComputedStyle(canvas).backgroundColor.match(/\d+/g).slice(0, 3).map(Number);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (shownPlane) {
    const { plane, side } = shownPlane;
    const image = new ImageData(side, side);
    for (let at = 0; at < side * side; at++) {
      const chances = plane.subarray(3 * at, 3 * at + 3);
      const best = chances.indexOf(Math.max(...chances));
      // As sure as it is, the colour is strong; a third, or less, is none.
      const strength = 0.75 * Math.max(0, (chances[best] - 1 / 3) * 1.5);
      for (let part = 0; part < 3; part++) {
        image.data[4 * at + part] = ground[part] + strength * (palette[best][part] - ground[part]);
      }
      image.data[4 * at + 3] = 255;
    }
    const small = new OffscreenCanvas(side, side);
    small.getContext("2d").putImageData(image, 0, 0);
    context.imageSmoothingEnabled = true;
    context.drawImage(small, 0, 0, canvas.width, canvas.height);
  }
  if (!shownPoints) return;
  shownPoints.rows.forEach(([x, y], at) => {
    context.beginPath();
    context.arc(((x + 1) / 2) * canvas.width, ((1 - y) / 2) * canvas.height, 3, 0, 2 * Math.PI);
    context.fillStyle = `rgb(${palette[shownPoints.classes[at]].join(" ")})`;
    context.fill();
    context.lineWidth = 0.8;
    context.strokeStyle = `rgb(${ground.join(" ")})`;
    context.stroke();
  });
}

const circles = learner((told) => {
  if (told.points) [shownPoints, shownPlane] = [told.points, undefined];
  if (told.plane) {
    shownPlane = told;
    $("ti-circles-cycles").textContent = told.cycles;
    $("ti-circles-wrong").textContent = percent(told.wrong);
    $("ti-circles-seconds").textContent = told.seconds.toFixed(1);
    canvas.setAttribute("aria-label", `The plane after ${told.cycles} cycles: ${percent(told.wrong)} of fresh points are in a wrong colour`);
  }
  if (told.done) {
    circlesEnded();
    $("ti-circles-status").textContent = "Done. Where the circles cross, no network can always be right.";
  }
  draw();
});
const circlesEnded = toggle(
  $("ti-circles-go"),
  () => {
    $("ti-circles-status").textContent = "Learning.";
    circles.postMessage({ do: "circles", seed });
  },
  () => circles.postMessage({ do: "stop" }),
);
$("ti-circles-new").addEventListener("click", () => {
  circles.postMessage({ do: "stop" });
  circles.postMessage({ do: "points", seed: ++seed });
  $("ti-circles-status").textContent = "1000 other points, ready to learn.";
});
circles.postMessage({ do: "points", seed });
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
new MutationObserver(draw).observe(document.body, { attributes: true, attributeFilter: ["data-theme"] });

// Titanic

const FIELDS = { class: "category", sex: "category", age: "number", siblings: "number", parents: "number", fare: "number" };
let titanic;

async function text(name) {
  const response = await fetch(new URL(name, import.meta.url));
  if (!response.ok) throw new Error(`${name} cannot be fetched: ${response.status}`);
  return response.text();
}

function csv(content) {
  const [head, ...lines] = content.trim().split(/\r?\n/).map((line) => line.split(","));
  return lines.map((line) => Object.fromEntries(head.map((name, at) => [name, line[at]])));
}

function curve({ cycles, train_error, test_error }, best) {
  const svg = $("ti-curve");
  const [left, right, top, bottom] = [52, 460, 30, 215];
  const last = Math.max(1, cycles.at(-1));
  const highest = Math.max(...train_error, ...test_error);
  const lowest = Math.min(...train_error, ...test_error);
  const x = (cycle) => left + ((right - left) * cycle) / last;
  const y = (error) => bottom - ((bottom - top) * (error - lowest)) / (highest - lowest || 1);
  const path = (errors) => errors.map((error, at) => `${at ? "L" : "M"}${x(cycles[at]).toFixed(1)} ${y(error).toFixed(1)}`).join("");
  svg.innerHTML = `
    <line class="ti-axis" x1="${left}" y1="${bottom}" x2="${right}" y2="${bottom}"/>
    <line class="ti-axis" x1="${x(best)}" y1="${top}" x2="${x(best)}" y2="${bottom}"/>
    <text x="${left - 6}" y="${y(highest) + 5}" text-anchor="end">${highest.toFixed(2)}</text>
    <text x="${left - 6}" y="${y(lowest) + 5}" text-anchor="end">${lowest.toFixed(2)}</text>
    <text x="${left}" y="${bottom + 20}">0</text>
    <text x="${right}" y="${bottom + 20}" text-anchor="end">${last} cycles</text>
    <text x="${x(best)}" y="${bottom + 38}" text-anchor="${x(best) > right - 60 ? "end" : "middle"}">kept: cycle ${best}</text>
    <path class="ti-train" d="${path(train_error)}"/><path class="ti-test" d="${path(test_error)}"/>
    <path class="ti-train" d="M230 16h26"/><text x="262" y="21">training</text>
    <path class="ti-test" d="M340 16h26"/><text x="372" y="21">validation</text>`;
  svg.setAttribute("aria-label", `Errors by cycle: of training rows from ${train_error[0].toFixed(2)} to ${train_error.at(-1).toFixed(2)}, of validation rows to ${test_error.at(-1).toFixed(2)}; kept are the weights of cycle ${best}`);
}

async function learnTitanic() {
  const button = $("ti-titanic-go");
  button.disabled = true;
  try {
    await ready();
    const passengers = csv(await text("./titanic.csv"));
    const [known, unseen] = [passengers.slice(0, 601), passengers.slice(601)];
    titanic?.free();
    titanic = new Network("classifier", { fields: FIELDS, target: "survived", classes: ["0", "1"], dataset: 1000, test: 500, seed: 1 });
    titanic.observe(known);
    const begun = performance.now();
    const report = await titanic.train({
      autostop: true,
      backtrack: true,
      max_time: 0,
      callback: ({ cycle }) => {
        $("ti-titanic-status").textContent = `Learning: cycle ${cycle}.`;
      },
    });
    const elapsed = performance.now() - begun;
    curve(report.curve, report.best_cycle);
    const share = (wrong) => percent(unseen.filter(wrong).length / unseen.length);
    $("ti-titanic-wrong").textContent = percent(1 - titanic.evaluate(unseen).accuracy);
    $("ti-titanic-women").textContent = share((row) => (row.sex === "female") !== (row.survived === "1"));
    $("ti-titanic-nobody").textContent = share((row) => row.survived === "1");
    $("ti-titanic-status").textContent = `Learnt in ${report.cycles} cycles and ${(1000 * report.seconds).toFixed(0)} ms (${elapsed.toFixed(0)} ms with starting the worker). Python gives the same network, bit for bit.`;
    $("ti-ask").querySelector("fieldset").disabled = false;
    button.textContent = "Learn again";
    answer();
  } catch (error) {
    fault(error.message);
  }
  button.disabled = false;
}

function answer() {
  const form = $("ti-ask");
  for (const output of form.querySelectorAll("output")) output.value = $(output.htmlFor[0]).value;
  if (!titanic) return;
  const { 1: chance } = titanic.run(Object.fromEntries(new FormData(form)));
  $("ti-chance").value = chance;
  $("ti-chance-text").textContent = `${percent(chance)} would have survived`;
}

$("ti-titanic-go").addEventListener("click", learnTitanic);
$("ti-ask").addEventListener("input", answer);
$("ti-ask").addEventListener("submit", (event) => event.preventDefault());

// Names

const NAMES_SHOWN = 18;
let [nameSeed, allNames, trained] = [1, undefined, false];

const naming = learner((told) => {
  if (told.words) {
    const items = told.words.map((word) => {
      const item = document.createElement("li");
      item.textContent = word.charAt(0).toUpperCase() + word.slice(1);
      if (allNames.has(word)) item.className = "ti-known";
      return item;
    });
    $("ti-names-list").replaceChildren(...items);
  }
  if (told.cycles) {
    trained = true;
    $("ti-names-more").disabled = false;
    $("ti-names-cycles").textContent = told.cycles;
    $("ti-names-nats").textContent = told.nats.toFixed(2);
    $("ti-names-status").textContent = `Learning: ${told.seconds.toFixed(1)} s so far.`;
    moreNames();
  }
  if (told.done) {
    namesEnded();
    $("ti-names-status").textContent = "Done. At a low temperature names are ordinary, at a high one adventurous.";
  }
});

async function learnNames() {
  try {
    const known = (await text("./names.txt")).trim().split(/\s+/);
    // Every so manieth of the list, which is in the order of the alphabet.
    const part = known.filter((_, at) => at % Math.ceil(known.length / 2300) === 0);
    const fresh = part.filter((_, at) => at % 8 === 0);
    allNames = new Set(known);
    $("ti-names-status").textContent = "Learning.";
    naming.postMessage({ do: "names", known: part.filter((_, at) => at % 8 !== 0), fresh, seed: 1 });
  } catch (error) {
    fault(error.message);
  }
}

function moreNames() {
  $("ti-temperature-text").value = Number($("ti-temperature").value).toFixed(1);
  if (!trained) return;
  const start = $("ti-names-start").value.toLowerCase().replace(/[^a-z]/g, "");
  naming.postMessage({ do: "sample", seed: nameSeed, temperature: Number($("ti-temperature").value), start, count: NAMES_SHOWN });
}

const namesEnded = toggle($("ti-names-go"), learnNames, () => naming.postMessage({ do: "stop" }));
$("ti-temperature").addEventListener("input", moreNames);
$("ti-names-start").addEventListener("input", moreNames);
$("ti-names-more").addEventListener("click", () => {
  nameSeed += NAMES_SHOWN;
  moreNames();
});
