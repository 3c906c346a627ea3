/* The comparison: one video holds both halves; each goes onto its canvas */

let compared = null, times = [0, 0]; // when each frame begins, and when the last one ends
const video = at("video"), canvases = [at("before"), at("after")];

async function compare(job) {
  compared = job;
  at("compared").hidden = !job;
  video.pause();
  if (!job) {
    video.removeAttribute("src");
    video.load();
    return;
  }
  ({ times } = await ask("GET", `/api/jobs/${job.id}/times`));
  if (compared !== job) return; // another was chosen meanwhile
  const { width, height, is_whole, is_smaller } = job.comparison;
  at("title").textContent = job.name;
  at("slider").style.aspectRatio = `${width} / ${height}`;
  for (const canvas of canvases) Object.assign(canvas, { width, height });
  at("time").max = times.length - 2;
  at("time").value = 0;
  at("cut").value = 50;
  slide();
  zoom();
  const notes = ["Left the source, enlarged by cubic interpolation; right the result."];
  if (is_smaller) notes.push("Both are shown with fewer pixels than the result has.");
  if (!is_whole) notes.push("The comparison ends here; the result does not.");
  at("about").textContent = notes.join(" ");
  seeking = false;
  wanted = null;
  video.src = address(`/jobs/${job.id}/comparison`);
  show(latest);
}

function frameAt(time) {
  let low = 0, high = times.length - 2;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (times[middle] <= time + 1e-4) low = middle; else high = middle - 1;
  }
  return low;
}

function draw(time = video.currentTime) {
  if (!compared || video.readyState < HTMLMediaElement.HAVE_CURRENT_DATA) return;
  const { width, height, pitch } = compared.comparison;
  canvases.forEach((canvas, half) => {
    canvas.getContext("2d").drawImage(
      video, 0, half * pitch, width, height, 0, 0, width, height);
  });
  const frame = frameAt(time);
  if (!seeking) at("time").value = frame;
  at("clock").textContent = `${times[frame].toFixed(2)} s, ${frame + 1} of ${times.length - 1}`;
}

function keepDrawing(now, shown) {
  draw(shown && shown.mediaTime);
  if (video.paused) return;
  if (video.requestVideoFrameCallback) video.requestVideoFrameCallback(keepDrawing);
  else requestAnimationFrame(() => keepDrawing());
}

/* A seek at a time; of those asked for meanwhile, the last */

let seeking = false, wanted = null;

function goTo(frame) {
  wanted = Math.max(0, Math.min(times.length - 2, frame));
  at("time").value = wanted;
  if (seeking || video.readyState < HTMLMediaElement.HAVE_METADATA) return;
  seeking = true;
  // the middle of a frame: no rounding to another
  video.currentTime = (times[wanted] + times[wanted + 1]) / 2;
  wanted = null;
}

function slide() { at("slider").style.setProperty("--cut", `${at("cut").value}%`); }

function zoom() {
  const choice = at("zoom").value, { width } = compared.comparison;
  at("slider").style.width = choice === "fit"
    ? `min(100%, ${Math.max(width, LEAST_WIDTH)}px)` : `${choice * width / devicePixelRatio}px`;
  at("slider").classList.toggle("sharp", choice > 1);
  const stage = at("stage"); // what was hidden is on all sides
  stage.scrollTo((stage.scrollWidth - stage.clientWidth) / 2,
    (stage.scrollHeight - stage.clientHeight) / 2);
}

function step(by) {
  video.pause();
  goTo(Number(at("time").value) + by);
}

video.addEventListener("loadeddata", () => {
  draw();
  if (wanted !== null) goTo(wanted);
});
video.addEventListener("seeked", () => {
  seeking = false;
  draw();
  if (wanted !== null) goTo(wanted);
});
video.addEventListener("play", () => { at("play").textContent = "Pause"; keepDrawing(); });
video.addEventListener("pause", () => { at("play").textContent = "Play"; });
video.addEventListener("error", () => {
  if (compared) trouble("this browser cannot play H.264 video; download the result instead");
});
at("play").addEventListener("click", () => {
  if (!video.paused) video.pause();
  else video.play().catch(() => {}); // refused where a pause or another video comes before it plays
});
at("back").addEventListener("click", () => step(-1));
at("forth").addEventListener("click", () => step(1));
at("time").addEventListener("input", () => { video.pause(); goTo(Number(at("time").value)); });
at("cut").addEventListener("input", slide);
at("zoom").addEventListener("change", zoom);
