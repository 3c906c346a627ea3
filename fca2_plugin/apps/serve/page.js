"use strict";

const TOKEN = new URLSearchParams(location.search).get("token") || "";
const STAGES = {
  scan: "looking at the video", upscale: "upscaling", join: "putting the file together",
  compare: "making the comparison",
};
const BUSY_MS = 400, IDLE_MS = 3000;
const LEAST_WIDTH = 640; // of what is compared, where the page has room

const at = (id) => document.getElementById(id);
const address = (path) => `${path}?token=${encodeURIComponent(TOKEN)}`;

/* Words */

function size(bytes) {
  for (const [unit, one] of [["GiB", 2 ** 30], ["MiB", 2 ** 20]]) {
    if (bytes >= one) return `${(bytes / one).toFixed(1)} ${unit}`;
  }
  return `${Math.ceil(bytes / 1024)} KiB`;
}

function span(seconds) {
  const s = Math.round(seconds);
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${s % 60} s`;
  return `${Math.floor(s / 3600)} h ${Math.floor(s / 60) % 60} min`;
}

function describe(job) {
  if (job.is_stopping) return "stopping";
  if (job.state === "queued") {
    return job.before ? `waiting, ${job.before} before it` : "waiting";
  }
  if (job.state === "failed") return job.error;
  if (job.state === "done") {
    const made = job.result;
    return `${made.width} × ${made.height}, ${size(made.bytes)}, in ${span(made.seconds)}`;
  }
  const p = job.progress;
  if (job.state !== "running" || !p) return job.state === "running" ? "starting" : job.state;
  const words = [STAGES[p.stage], p.total ? `${p.done} of ${p.total} frames` : `${p.done} frames`];
  if (p.fps) words.push(`${p.fps.toFixed(p.fps < 10 ? 2 : 0)} fps`);
  if (p.seconds_left !== null) words.push(`${span(p.seconds_left)} left`);
  return words.join(", ");
}

/* Talking to the server */

async function ask(method, path) {
  const answer = await fetch(path, { method, headers: { "X-Token": TOKEN } });
  const content = await answer.json();
  if (!answer.ok) throw new Error(content.error);
  return content;
}

function trouble(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

let limit = Infinity, uploads = [], latest = [], timer = 0, waiting = Promise.resolve();

function upload(file) {
  if (file.size > limit) {
    trouble(`${file.name} has ${size(file.size)}, more than the ${size(limit)} allowed; ` +
      "start fca2 serve with a larger --max-size, or use fca2 upscale");
    return;
  }
  const request = new XMLHttpRequest();
  const entry = {
    id: `upload-${crypto.getRandomValues(new Uint32Array(1))[0]}`, name: file.name,
    state: "uploading", share: 0, notes: [], request,
  };
  uploads.push(entry);
  // one after the other, so that they queue in the order of the files
  waiting = waiting.then(() => new Promise((done) => {
    if (!uploads.includes(entry)) return done();
    request.open("PUT", `/api/jobs?name=${encodeURIComponent(file.name)}`);
    request.setRequestHeader("X-Token", TOKEN);
    request.setRequestHeader("Content-Type", "application/octet-stream");
    request.upload.onprogress = (event) => {
      entry.share = event.loaded / (event.total || 1);
      show(latest);
    };
    request.onload = () => {
      if (request.status === 201) return;
      let said = `the server answered ${request.status}`;
      try { said = JSON.parse(request.responseText).error; } catch { /* keep the number */ }
      trouble(said);
    };
    request.onerror = () => trouble(`${file.name} did not arrive: the connection ended`);
    request.onloadend = () => {
      uploads = uploads.filter((one) => one !== entry);
      poll();
      done();
    };
    request.send(file);
  }));
  show(latest);
}

async function poll() {
  clearTimeout(timer);
  let busy = false;
  try {
    const state = await ask("GET", "/api/jobs");
    limit = state.max_bytes;
    const larger = state.scale > 1 ? `${state.scale} times larger` : "same size";
    at("network").textContent = `${state.network}, ${larger}, on ${state.device}`;
    at("limit").textContent = `It stays on this machine. Up to ${size(limit)}.`;
    if (at("trouble").dataset.lost) {
      delete at("trouble").dataset.lost;
      trouble("");
    }
    tell(state.jobs);
    show(state.jobs);
    busy = state.jobs.some((job) => ["queued", "running"].includes(job.state));
  } catch (error) {
    at("trouble").dataset.lost = "yes";
    trouble(error instanceof TypeError
      ? "fca2 serve does not answer; start it again and open the address that it prints"
      : error.message);
  }
  timer = setTimeout(poll, busy ? BUSY_MS : IDLE_MS);
}

/* The list */

function tell(jobs) {
  for (const job of jobs) {
    const before = latest.find((one) => one.id === job.id);
    if (!before || before.state === job.state) continue;
    at("news").textContent = `${job.name}: ${job.state === "failed" ? job.error : job.state}`;
    if (job.state === "done" && job.comparison && at("compared").hidden) {
      compare(job).catch((error) => trouble(error.message));
    }
  }
}

function show(jobs) {
  latest = jobs;
  const all = [...jobs, ...uploads], list = at("jobs");
  at("queue").hidden = !all.length;
  for (const item of [...list.children]) {
    if (!all.some((job) => job.id === item.id)) item.remove();
  }
  for (const job of all) {
    const item = at(job.id) || list.appendChild(line(job.id));
    fill(item, job);
  }
  if (compared && !jobs.some((job) => job.id === compared.id)) compare(null);
}

function line(id) {
  const item = at("job").content.firstElementChild.cloneNode(true);
  item.id = id;
  item.addEventListener("click", act);
  return item;
}

function fill(item, job) {
  const part = (query) => item.querySelector(query);
  const set = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const isUpload = job.state === "uploading", isActive = ["queued", "running"].includes(job.state);
  item.className = `${job.state}${compared && compared.id === job.id ? " shown" : ""}`;
  set(part("strong"), job.name);
  set(part(".state"), isUpload ? `arriving, ${Math.floor(100 * job.share)} %` : describe(job));
  const bar = part("progress");
  bar.hidden = !isUpload && job.state !== "running";
  bar.setAttribute("aria-label", `progress of ${job.name}`);
  const share = isUpload ? job.share : job.progress && job.progress.total
    ? job.progress.done / job.progress.total : null;
  if (share === null) bar.removeAttribute("value"); else bar.value = share;
  const notes = part(".notes");
  notes.hidden = !job.notes.length;
  if (notes.childElementCount !== job.notes.length) {
    notes.replaceChildren(...job.notes.map((note) => {
      const one = document.createElement("li");
      one.textContent = note;
      return one;
    }));
  }
  const offers = {
    compare: job.comparison, download: job.result, stop: isUpload || isActive,
    remove: !isUpload && !isActive,
  };
  for (const [does, wanted] of Object.entries(offers)) {
    const button = part(`[data-does=${does}]`);
    button.hidden = !wanted;
    button.setAttribute("aria-label", `${button.textContent} ${job.name}`);
    if (does === "download" && wanted) button.href = address(`/jobs/${job.id}/result`);
  }
  part("[data-does=stop]").disabled = Boolean(job.is_stopping);
}

async function act(event) {
  const does = event.target.dataset.does, id = event.currentTarget.id;
  const entry = uploads.find((one) => one.id === id);
  trouble("");
  try {
    if (does === "compare") await compare(latest.find((job) => job.id === id));
    else if (does === "stop" && entry) {
      uploads = uploads.filter((one) => one !== entry);
      entry.request.abort();
      show(latest);
    } else if (does === "stop") await ask("POST", `/api/jobs/${id}/stop`);
    else if (does === "remove") await ask("DELETE", `/api/jobs/${id}`);
    else return;
    if (does !== "compare") await poll();
  } catch (error) {
    trouble(error.message);
  }
}

/* Files */

function take(files) {
  trouble("");
  for (const file of files) upload(file);
}

at("file").addEventListener("change", (event) => {
  take([...event.target.files]);
  event.target.value = "";
});
for (const name of ["dragenter", "dragover", "dragleave", "drop"]) {
  document.addEventListener(name, (event) => {
    event.preventDefault(); // a file beside the field does not leave the page
    at("drop").classList.toggle("over", name === "dragenter" || name === "dragover");
    if (name === "drop") take([...event.dataTransfer.files]);
  });
}

addEventListener("load", poll);
