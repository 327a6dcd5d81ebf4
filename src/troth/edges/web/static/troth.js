// What pages do beyond plain forms: a copy with its progress, a line to copy, contents that close after a jump, folded
// parts that open when one jumps into them or prints, and a word when nothing answers. Without this file every page still works. Nothing that was read is kept in the browser, and nobody else is asked.
(() => {
  "use strict";
  const STAGES = { document: 1, reading: 2, media: 3, bytes: 3, device: 4, act: 4, entry: 4, receipt: 4, request: 4, recipient: 4, end: 5 };
  const SAID = { 1: "profile", 2: "reading", 3: "media", 4: "proof" };

  for (const form of document.querySelectorAll("form[data-copy]")) {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      copy(form);
    });
  }

  async function copy(form) {
    const find = (name) => form.querySelector(`[data-${name}]`);
    const button = form.querySelector("button"), bar = form.querySelector("progress");
    const say = (text) => { find("stage").textContent = text; };
    button.disabled = true;
    form.querySelector(".progress").hidden = false;
    find("save").hidden = true;
    bar.value = 0;
    say(form.dataset.start);
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)), redirect: "error" });
      if (!answer.ok) throw new Error("refused");
      const parts = await read(answer.body.getReader(), (seen) => {
        find("lines").textContent = seen.lines.toLocaleString(document.documentElement.lang);
        find("bytes").textContent = Math.ceil(seen.bytes / 1000).toLocaleString(document.documentElement.lang);
        if (seen.stage > bar.value) {
          bar.value = seen.stage;
          if (SAID[seen.stage]) say(form.dataset[SAID[seen.stage]]);
        }
      });
      const link = find("save");
      link.href = URL.createObjectURL(new Blob(parts, { type: "application/x-ndjson" }));
      link.download = form.dataset.copy;
      link.hidden = false;
      say(form.dataset.done);
      link.click();
    } catch {
      say(form.dataset.short);
    }
    button.disabled = false;
  }

  // Reads lines as they come; a copy without its last line was cut short, and is no copy.
  async function read(reader, tell) {
    const parts = [], decoder = new TextDecoder(), seen = { lines: 0, bytes: 0, stage: 0 };
    let rest = "", whole = false;
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      parts.push(value);
      seen.bytes += value.length;
      const lines = (rest + decoder.decode(value, { stream: true })).split("\n");
      rest = lines.pop();
      for (const line of lines) {
        const kind = /^\{"kind": ?"([a-z]+)"/.exec(line)?.[1];
        seen.lines += 1;
        seen.stage = Math.max(seen.stage, STAGES[kind] ?? 0);
        whole = kind === "end";
      }
      tell(seen);
    }
    if (!whole) throw new Error("cut short");
    return parts;
  }

  // Only a secure page may copy; elsewhere the line is marked by hand.
  for (const button of document.querySelectorAll("button[data-copies]")) {
    button.hidden = !navigator.clipboard;
    button.addEventListener("click", async () => {
      const line = document.getElementById(button.dataset.copies);
      try {
        await navigator.clipboard.writeText(line.value);
        button.nextElementSibling.textContent = button.dataset.copied;
      } catch {
        line.select();
      }
    });
  }

  for (const contents of document.querySelectorAll("details.toc")) {
    contents.addEventListener("click", (event) => {
      if (event.target.closest("a")) contents.open = false;
    });
  }

  function unfold() {
    const place = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (!place) return;
    for (let each = place; each; each = each.parentElement) {
      if (each.matches("details.fold")) each.open = true;
    }
    place.scrollIntoView();
  }
  window.addEventListener("hashchange", unfold);
  unfold();
  window.addEventListener("beforeprint", () => {
    for (const each of document.querySelectorAll("details.fold")) each.open = true;
  });

  document.addEventListener("htmx:sendError", () => {
    document.getElementById("said").textContent = document.body.dataset.offline;
  });
})();
