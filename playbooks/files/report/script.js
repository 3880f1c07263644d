/* SPDX-License-Identifier: GPL-3.0-or-later */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const id = (name) => document.getElementById(name);
  const PAGE = 200;
  const SVG = "http://www.w3.org/2000/svg";
  const WIDTH = 960;
  const HEIGHT = 560;
  const pools = new Map(data.pools.map((pool) => [pool.name, pool]));
  const state = { pool: data.pools[0] || null, map: 0, chosen: -1, shown: PAGE, reach: PAGE };

  // Text is only ever set as text, so that a name is shown as it is, whatever is in it.
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (key === "click") made.addEventListener("click", value);
      else if (value !== null && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== ""));
    return made;
  }
  function drawn(name, attributes, ...children) {
    const made = document.createElementNS(SVG, name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }
  const number = (text) => BigInt(text).toLocaleString("en");
  const plural = (count, one, many) => `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
  function day(text) {
    return text ? text.slice(0, 10) : "";
  }
  function duration(days) {
    if (days === null) return "it does not fill at the present rate";
    if (days > 36500) return "more than a hundred years at the present rate";
    if (days > 730) return `about ${Math.floor(days / 365)} years at the present rate`;
    return `about ${plural(days, "day", "days")} at the present rate`;
  }
  // From the most to the least: a pool may have room for 2^48, and nobody reads fifteen digits.
  function count(text) {
    const value = BigInt(text);
    const bits = value.toString(2).length - 1;
    return bits < 24 ? number(text) : value === 1n << BigInt(bits) ? `2^${bits}` : `about 2^${bits}`;
  }

  // -- summary

  function figures() {
    const matrix = data.matrix;
    const good = matrix ? matrix.endpoints.filter((one) => one.ok).length : 0;
    const unknown = data.drift ? data.drift.unknown.length + data.drift.nowhere.length : 0;
    const changed = data.changes ? data.changes.allocations.length + data.changes.endpoints.length : 0;
    const list = [
      ["#reach", matrix ? `${good} of ${matrix.endpoints.length}` : "–", "endpoints answer as claimed", matrix ? (matrix.ok ? "good" : "bad") : ""],
      ["#plan", data.pools.length, data.pools.length === 1 ? "pool" : "pools", ""],
      ["#list-title", data.allocations.length.toLocaleString("en"), "allocations", ""],
      ["#drift", data.drift ? unknown : "–", "differences to the hosts", data.drift && unknown ? "bad" : ""],
      ["#changes", data.changes ? changed : "–", "changes since the last report", ""],
    ];
    id("figures").append(...list.map(([href, value, text, kind]) =>
      element("a", { href, class: kind }, element("strong", {}, String(value)), element("span", {}, text))));
    id("at").textContent = data.at.replace("T", " ").replace("+00:00", " UTC");
    id("at").setAttribute("datetime", data.at);
    id("headline").textContent = !matrix ? "What is where" : matrix.ok ? "Everything answers as claimed" : "Not everything answers as claimed";
  }

  // -- pools and maps

  function nested() {
    const below = (parent, depth) => data.pools.filter((pool) => (pools.has(pool.parent) ? pool.parent : null) === parent)
      .flatMap((pool) => [[pool, depth], ...below(pool.name, depth + 1)]);
    return below(null, 0);
  }
  function share(pool) {
    if (pool.share === 0) return "empty";
    if (pool.share >= 0.001) return `${(pool.share * 100).toFixed(1)} % taken`;
    return `1 in 2^${Math.round(-Math.log2(pool.share))} taken`;
  }
  function poolList() {
    id("pools").replaceChildren(...nested().map(([pool, depth]) => element("li", {},
      element("button", { type: "button", style: `padding-left:${0.7 + depth}rem`, "aria-current": String(pool === state.pool), click: () => open(pool) },
        element("b", {}, pool.name), element("small", { class: "mono" }, pool.prefix), element("small", {}, share(pool))))));
  }
  function open(pool, map = pool.first_map) {
    Object.assign(state, { pool, map, chosen: -1, shown: PAGE });
    poolList();
    draw();
    facts();
    list();
    detail();
  }
  function goTo(map) {
    state.map = map;
    draw();
    const first = id("map").querySelector('[tabindex="0"]');
    if (first) first.focus();
  }
  function trail() {
    const found = [];
    for (let at = state.map; at >= 0; at = state.pool.maps[at].parent) found.unshift(at);
    return found;
  }
  function label(cell, kind, target) {
    if (kind === "many") {
      return `${state.pool.maps[target].prefix}, ${plural(cell[6], "allocation", "allocations")}, zoom in`;
    }
    const one = data.allocations[target];
    return `${one.name}, ${one.place}, ${words(one.state)}${kind === "small" ? ", smaller than its cell" : ""}`;
  }
  const words = (text) => ({ active: "in use", reserved: "reserved", quarantine: "in quarantine" })[text] || text;

  function draw() {
    const map = state.pool.maps[state.map];
    const [wide, high] = [WIDTH / map.columns, HEIGHT / map.rows];
    const lines = [];
    for (let x = 1; x < map.columns; x += 1) lines.push(drawn("line", { class: "grid", x1: x * wide, x2: x * wide, y1: 0, y2: HEIGHT }));
    for (let y = 1; y < map.rows; y += 1) lines.push(drawn("line", { class: "grid", y1: y * high, y2: y * high, x1: 0, x2: WIDTH }));
    const cells = map.cells.map((cell) => rectangle(cell, wide, high));
    const first = cells.find((one) => one.classList.contains("cell"));
    if (first) first.setAttribute("tabindex", "0");
    const shown = map.cells.filter((cell) => cell[4] !== "excluded");
    const svg = drawn("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "group", "aria-label": `Map of ${map.prefix}, ${plural(shown.length, "place", "places")} taken` }, ...lines, ...cells);
    svg.addEventListener("keydown", keys);
    id("map").replaceChildren(svg);
    const path = trail();
    id("crumbs").replaceChildren(...path.map((at, index) => element("li", {}, index === path.length - 1
      ? element("span", { "aria-current": "location" }, state.pool.maps[at].prefix)
      : element("button", { type: "button", click: () => goTo(at) }, state.pool.maps[at].prefix))));
    id("out").disabled = map.parent < 0;
    const length = Number(map.prefix.split("/")[1]);
    const depth = Math.log2(map.columns * map.rows);
    id("scale").textContent = `Left to right and top to bottom. Each of the ${map.columns * map.rows} cells is a /${length + depth} of ${map.prefix}.`;
  }
  function rectangle(cell, wide, high) {
    const [x, y, w, h, kind, target] = cell;
    const box = { x: x * wide, y: y * high, width: w * wide, height: h * high };
    if (kind === "excluded") {
      const hole = drawn("rect", { ...box, class: "hole" }, drawn("title", {}, "never handed out"));
      return hole;
    }
    const many = kind === "many";
    const one = many ? null : data.allocations[target];
    const group = drawn("g", {
      class: `cell ${many ? "many" : one.state} ${kind} ${!many && target === state.chosen ? "chosen" : ""}`,
      role: "button", tabindex: "-1", "aria-label": label(cell, kind, target), "data-x": box.x + box.width / 2, "data-y": box.y + box.height / 2,
    }, drawn("rect", { ...box, rx: kind === "small" ? 10 : 2 }), ...caption(box, kind, many ? [count(String(cell[6]))] : [one.name, one.place]));
    group.append(drawn("title", {}, label(cell, kind, target)));
    group.addEventListener("click", () => activate(kind, target));
    group.dataset.kind = kind;
    group.dataset.target = target;
    return group;
  }
  function caption(box, kind, texts) {
    const room = Math.floor((box.width - 8) / 7.3);
    if (room < 2 || box.height < 15) return [];
    const fits = texts.slice(0, box.height < 40 ? 1 : 2);
    return fits.map((text, index) => {
      const signs = [...text];
      const short = signs.length > room ? `${signs.slice(0, room - 1).join("")}…` : text;
      return drawn("text", { x: box.x + 5, y: box.y + 16 + 15 * index, opacity: index ? 0.85 : 1 }, short);
    });
  }
  function activate(kind, target) {
    if (kind === "many") goTo(target);
    else choose(target);
  }
  function choose(target) {
    state.chosen = target;
    for (const one of id("map").querySelectorAll(".cell")) one.classList.toggle("chosen", one.dataset.kind !== "many" && Number(one.dataset.target) === target);
    detail();
  }
  function keys(event) {
    const here = event.target.closest(".cell");
    if (event.key === "Escape" || event.key === "Backspace") {
      event.preventDefault();
      zoomOut();
    } else if (here && (event.key === "Enter" || event.key === " ")) {
      event.preventDefault();
      activate(here.dataset.kind, Number(here.dataset.target));
    } else if (here && event.key.startsWith("Arrow")) {
      event.preventDefault();
      move(here, event.key);
    }
  }
  function move(here, key) {
    const sideways = key === "ArrowLeft" || key === "ArrowRight";
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    const at = (one) => [Number(one.dataset.x), Number(one.dataset.y)];
    const [x, y] = at(here);
    let best = null;
    let least = Infinity;
    for (const one of id("map").querySelectorAll(".cell")) {
      const [dx, dy] = [at(one)[0] - x, at(one)[1] - y];
      const along = sign * (sideways ? dx : dy);
      const distance = along + 3 * Math.abs(sideways ? dy : dx);
      if (along > 0.5 && distance < least) [best, least] = [one, distance];
    }
    if (!best) return;
    here.setAttribute("tabindex", "-1");
    best.setAttribute("tabindex", "0");
    best.focus();
  }
  function zoomOut() {
    const parent = state.pool.maps[state.map].parent;
    if (parent >= 0) goTo(parent);
  }
  function pairs(entries) {
    return entries.filter(([, value]) => value !== null && value !== "").flatMap(([key, value]) => [element("dt", {}, key), element("dd", {}, value)]);
  }
  function facts() {
    const pool = state.pool;
    const owners = pool.owners.slice(0, 6).map(([name, many]) => `${name || "nobody in particular"} ${many.toLocaleString("en")}`).join(", ");
    id("facts").replaceChildren(...pairs([
      ["Prefix", pool.prefix],
      ["Hands out", `${pool.length === 128 ? "single addresses" : `prefixes of /${pool.length}`}, ${pool.strategy}${pool.suffix ? ", names keep their suffix" : ""}`],
      ["Taken", `${plural(pool.counts.used, "is", "are")} in use, ${pool.counts.reserved} reserved, ${pool.counts.quarantined} in quarantine`],
      ["Left", `${count(pool.capacity.left)} of ${count(pool.capacity.of)}; ${duration(pool.capacity.days)}${pool.capacity.per_day > 0 ? ` of ${pool.capacity.per_day} a day` : ""}`],
      ["Largest free block", pool.largest_free_block || "none"],
      ["Owners", owners + (pool.owners.length > 6 ? `, and ${pool.owners.length - 6} others` : "")],
      ["Quarantine", pool.quarantine_days ? plural(pool.quarantine_days, "day", "days") : ""],
      ["Never handed out", pool.excluded.map(([run, reason]) => (reason ? `${run} (${reason})` : run)).join("; ")],
      ["Former prefixes", pool.former_prefixes.map(([prefix, until]) => `${prefix} until ${day(until)}`).join(", ")],
    ]));
  }
  function detail() {
    const one = data.allocations[state.chosen];
    if (!one) {
      id("detail").replaceChildren(element("p", { class: "hint" }, "Select a place on the map, or a name in the list, to see whose it is and what has happened to it."));
      return;
    }
    const past = [...one.history].reverse().slice(0, 50).map(([when, op, place, now, actor, run]) =>
      element("li", {}, `${when.replace("T", " ").replace("Z", "")} ${op}${now ? ` (${words(now)})` : ""}, ${place}`, element("br"), element("span", { class: "hint" }, `${actor || "nobody"}${run ? `, run ${run}` : ""}`)));
    id("detail").replaceChildren(
      element("h3", {}, one.name),
      element("dl", { class: "facts" }, ...pairs([
        ["Place", element("code", {}, one.place)], ["State", words(one.state)], ["Until", one.until ? day(one.until) : ""],
        ["Owner", one.owner], ["Pool", one.pool], ["Notes", one.meta ? JSON.stringify(one.meta) : ""],
      ])),
      one.holds ? element("p", {}, element("button", { type: "button", click: () => open(pools.get(one.holds)) }, `Open the pool ${one.holds}`)) : "",
      past.length ? element("h4", {}, "History") : "", past.length ? element("ol", {}, ...past) : "");
  }
  function show(target) {
    const one = data.allocations[target];
    const pool = pools.get(one.pool);
    let map = pool.maps.findIndex((view) => view.cells.some((cell) => cell[4] !== "many" && cell[4] !== "excluded" && cell[5] === target));
    if (map < 0) map = pool.first_map;
    open(pool, map);
    choose(target);
    draw();
    id("plan").scrollIntoView();
  }

  // -- lists

  function list() {
    const mine = data.allocations.map((one, index) => [one, index]).filter(([one]) => one.pool === state.pool.name);
    const shown = mine.slice(0, state.shown);
    id("list-title").textContent = `Allocations of ${state.pool.name} (${mine.length.toLocaleString("en")})`;
    id("list").tBodies[0].replaceChildren(...shown.map(([one, index]) => element("tr", {},
      element("td", {}, element("button", { type: "button", click: () => show(index) }, one.name)),
      element("td", { class: "mono" }, one.place), element("td", {}, words(one.state)), element("td", {}, one.owner),
      element("td", { class: "day" }, day(one.history.length ? one.history[one.history.length - 1][0] : "")))));
    id("more").hidden = shown.length === mine.length;
  }
  function find() {
    const wanted = id("search").value.trim().toLowerCase();
    id("results").hidden = !wanted;
    if (!wanted) return;
    const has = (...texts) => texts.some((text) => text.toLowerCase().includes(wanted));
    const found = data.allocations.map((one, index) => [one, index]).filter(([one]) => has(one.name, one.place, one.owner));
    const ends = (data.matrix ? data.matrix.endpoints : []).filter((one) => has(one.name, one.address, one.behind));
    id("results-count").textContent = `${plural(found.length, "allocation", "allocations")}, ${plural(ends.length, "endpoint", "endpoints")}`;
    id("results-list").replaceChildren(
      ...found.slice(0, 50).map(([one, index]) => element("li", {}, element("button", { type: "button", click: () => show(index) }, `${one.name} ${one.place}`))),
      ...ends.slice(0, 50).map((one) => element("li", {}, `${one.name} behind ${one.behind}, ${one.address}: ${one.ok ? "answers as claimed" : "not as claimed"}`)));
  }

  // -- reachability

  const sign = (good) => (good === null ? "·" : good ? "✓" : "✗");
  function cell(one) {
    const part = (name, good, text) => `${name} ${sign(good)}${text ? ` ${text}` : ""}`;
    const ports = (many) => many.map((port) => `${port.port}/${port.protocol}${port.ok ? "" : ` ${port.state}`}`).join(" ");
    const all = (many) => (many.length ? many.every((port) => port.ok) : null);
    return [
      one.ping ? part("ping", one.ping.answered, one.ping.rtt_ms === null || one.ping.rtt_ms === undefined ? "" : `${one.ping.rtt_ms.toFixed(1)} ms`) : "",
      one.open.length ? part("open", all(one.open), ports(one.open)) : "",
      one.closed.length ? part("closed", all(one.closed), ports(one.closed)) : "",
      one.source ? part("source", one.source.ok, one.source.ok ? "" : one.source.seen || "") : "",
    ].filter(Boolean).join(", ");
  }
  function names(all) {
    return all.slice(0, 5).join(", ") + (all.length > 5 ? ` and ${all.length - 5} more` : "");
  }
  function ipv4(matrix) {
    const asked = (matrix.ipv4 || []).filter((one) => one.answered_at !== null);
    if (!asked.length) return "";
    const lost = asked.filter((one) => !one.ok);
    return lost.length ? ` IPv4 is lost on ${names(lost.map((one) => one.host))}.` : ` IPv4 works as before on ${plural(new Set(asked.map((one) => one.host)).size, "host", "hosts")}.`;
  }
  function reach() {
    const matrix = data.matrix;
    if (!matrix) {
      id("reach-summary").textContent = "Nobody has looked yet. Run the playbook verify.yml first.";
      id("matrix").parentElement.hidden = true;
      return;
    }
    const bad = matrix.endpoints.filter((one) => !one.ok);
    id("reach-summary").textContent = `Seen from ${matrix.vantages.map((one) => one.name).join(", ")} at ${matrix.at.replace("T", " ").replace("+00:00", " UTC")}.${ipv4(matrix)}`;
    id("failures").replaceChildren(...matrix.failures.map((text) => element("li", { class: "bad" }, text)), ...matrix.warnings.map((text) => element("li", {}, text)));
    const advice = matrix.advice || [];
    id("advice-title").hidden = !advice.length;
    id("advice").replaceChildren(...advice.map((one) => element("li", {}, `${names(one.endpoints)} behind ${one.behind}: ${one.look}`)));
    id("only-label").hidden = !bad.length;
    id("matrix").tHead.replaceChildren(element("tr", {}, ...["Endpoint", "Behind", "Address", ...matrix.vantages.map((one) => `From ${one.name}`)].map((text) => element("th", { scope: "col" }, text))));
    const rows = [...bad, ...(id("only").checked ? [] : matrix.endpoints.filter((one) => one.ok))];
    const shown = rows.slice(0, state.reach);
    id("matrix").tBodies[0].replaceChildren(...shown.map((one) => element("tr", { class: one.ok ? null : "wrong" },
      element("td", {}, one.name), element("td", {}, one.behind), element("td", { class: "mono" }, one.address),
      ...matrix.vantages.map((vantage) => {
        const seen = one.from[vantage.name];
        return element("td", {}, element("span", { class: seen.ok ? "good" : "bad" }, seen.ok ? "✓ " : "✗ "), cell(seen), seen.reason ? element("div", { class: "reason" }, seen.reason) : "");
      }))));
    id("more-reach").hidden = shown.length === rows.length;
  }

  // -- drift and changes

  function drift() {
    if (data.unseen.length) {
      id("drift-unseen").hidden = false;
      id("drift-unseen").textContent = `${plural(data.unseen.length, "host", "hosts")} could not be looked at: ${data.unseen.map((one) => `${one.host} (${one.reason})`).join(", ")}.`;
    }
    if (!data.drift) {
      id("drift-summary").textContent = "No host was looked at for this report.";
      return;
    }
    const { unknown, nowhere, hosts } = data.drift;
    id("drift-summary").textContent = `${plural(hosts.length, "host was", "hosts were")} looked at: ${plural(unknown.length, "address", "addresses")} that the ledger does not know, ${plural(nowhere.length, "allocation", "allocations")} that no host has.`;
    const rows = [...unknown.map((one) => [one, `${one.name} on ${one.host}`]), ...nowhere.map((one) => [one, `${one.name}, given for ${one.host}`])];
    id("drift-table").parentElement.hidden = !rows.length;
    id("drift-table").tBodies[0].replaceChildren(...rows.slice(0, 1000).map(([one, where]) => element("tr", {},
      element("td", { class: "mono" }, one.address), element("td", {}, one.pool), element("td", {}, where), element("td", {}, one.reason))));
  }
  function changes() {
    if (!data.changes) {
      id("changes-summary").textContent = "This is the first report.";
      return;
    }
    const rows = [...data.changes.allocations, ...data.changes.endpoints];
    const text = (value) => (value === null ? "–" : value.map((part) => (part === true ? "answers" : part === false ? "does not answer as claimed" : part)).join(", "));
    id("changes-summary").textContent = rows.length ? `${plural(rows.length, "change", "changes")} since ${data.changes.since.replace("T", " ").replace("+00:00", " UTC")}.` : `Nothing has changed since ${data.changes.since.replace("T", " ").replace("+00:00", " UTC")}.`;
    id("changes-table").parentElement.hidden = !rows.length;
    id("changes-table").tBodies[0].replaceChildren(...rows.slice(0, 1000).map((one) => element("tr", {},
      element("td", {}, one.what), element("td", {}, text(one.before)), element("td", {}, text(one.after)))));
  }

  // -- colours

  const THEMES = [["", "Auto", "as the system has them"], ["light", "Light", "light"], ["dark", "Dark", "dark"]];
  function theme() {
    const now = document.documentElement.dataset.theme || "";
    const [value, name, text] = THEMES[(THEMES.findIndex(([one]) => one === now) + 1) % THEMES.length];
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
    id("theme").textContent = name;
    id("theme").setAttribute("aria-label", `Colours: ${text}`);
  }

  figures();
  if (state.pool) open(state.pool);
  else id("plan").replaceChildren(element("h2", { id: "plan-title" }, "Pools"), element("p", {}, "There is no ledger, so there are no pools. Give ipv6_pools, and the roles keep who has which address."));
  reach();
  drift();
  changes();
  id("search").addEventListener("input", find);
  id("theme").addEventListener("click", theme);
  id("out").addEventListener("click", zoomOut);
  id("only").addEventListener("change", () => { state.reach = PAGE; reach(); });
  id("more").addEventListener("click", () => { state.shown += PAGE; list(); });
  id("more-reach").addEventListener("click", () => { state.reach += PAGE; reach(); });
})();
