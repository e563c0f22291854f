// Plays the page in Chromium, one play a run. It asks the test that started it, by way of CONTROL, for what
// happens in the watch. A play that fails throws.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { PAGE_URL: url, CONTROL: control, CHROMIUM, PACKAGES, SHOTS } = process.env;
const packages = createRequire(PACKAGES + "/");
const { chromium } = packages("playwright-core");
const origin = new URL(url).origin;

const tell = async (what) => {
  const answer = await fetch(`${control}/${what}`, { method: "POST" });
  return answer.text();
};
const standing = async () => (await fetch(`${control}/standing`)).json();

const args = ["--no-sandbox", "--disable-background-networking"];
const browser = await chromium.launch({ executablePath: CHROMIUM, headless: true, args });

// What no page may do, in any play: ask another origin, break its own policy, or throw.
const wrong = [];
const asked = new Set();

async function open(at = url, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, reducedMotion: "reduce", ...options });
  await context.exposeFunction("policyBroken", (what) => wrong.push(`policy: ${what}`));
  await context.addInitScript(() => document.addEventListener("securitypolicyviolation", (e) => window.policyBroken(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`)));
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  page.on("request", (r) => {
    asked.add(new URL(r.url()).pathname);
    if (new URL(r.url()).origin !== origin) wrong.push(`a request for ${r.url()}`);
  });
  page.on("websocket", (s) => wrong.push(`a socket to ${s.url()}`));
  page.on("pageerror", (e) => wrong.push(`thrown: ${e.stack}`));
  page.on("dialog", (d) => wrong.push(`a dialog: ${d.message()}`));
  await page.goto(at);
  return page;
}

const ready = (page) => page.waitForFunction(() => document.querySelectorAll("#capsules a").length === 12);

/** Opens a capsule's view. The browser tells the page of the new address a moment after the click. */
async function capsule(page, name) {
  await page.click(`#capsules a:has(.name:text-is("${name}"))`);
  await page.waitForFunction((name) => document.querySelector("h1").textContent === name, name);
}

const figures = (page) => page.textContent("#figures");
const shot = async (page, name) => SHOTS && (await page.screenshot({ path: `${SHOTS}/${name}.png`, fullPage: true }));

/** The numbers of the events that the log shows. */
const logged = (page) => page.$$eval(".log li", (rows) => rows.map((row) => Number(row.dataset.seq)));

function contiguous(seqs) {
  seqs.forEach((seq, i) => assert.ok(i === 0 || seq === seqs[i - 1] + 1, `after ${seqs[i - 1]} comes ${seq}`));
}

/** Waits until the log has the newest event, and holds the whole page against the hub. */
async function agrees(page) {
  const want = await standing();
  await page.evaluate(() => (location.hash = "#/log"));
  await page.waitForFunction((seq) => Number(document.querySelector(".log li:last-child")?.dataset.seq) >= seq, want.seq);
  contiguous(await logged(page));
  const shown = await page.$$eval("#capsules li", (rows) => rows.map((row) => row.textContent));
  const words = { good: "sound", failed: "failed", held: "held", unknown: "not built yet" };
  const marks = { good: "✓", failed: "✕", held: "‖", unknown: "·" };
  assert.deepEqual(shown, want.standing.map((c) => (c.building ? `${c.capsule}, building` : `${marks[c.state]}${c.capsule}, ${words[c.state]}`)));
}

const plays = {
  // The first paint, held against that of a page that is nothing. The figure is told; only what is many times
  // slower than nothing is a fault, so that a busy machine is none.
  async paint() {
    const paintOf = (page) => page.evaluate(() => new Promise((told) => {
      new PerformanceObserver((list) => list.getEntriesByName("first-contentful-paint").forEach((e) => told(e.startTime))).observe({ type: "paint", buffered: true });
    }));
    const median = (list) => list.toSorted((a, b) => a - b)[Math.floor(list.length / 2)];
    const ours = [], nothing = [];
    for (let i = 0; i < 5; i++) {
      const context = await browser.newContext();
      const bare = await context.newPage();
      await bare.goto(`${control}/evil`);
      nothing.push(await paintOf(bare));
      await context.close();
      const page = await open();
      ours.push(await paintOf(page));
      await ready(page);
      await page.context().close();
    }
    console.log(`first paint after ${median(ours).toFixed(0)} ms (a page that is nothing: ${median(nothing).toFixed(0)} ms)`);
    assert.ok(median(ours) < 200 || median(ours) < 8 * median(nothing), `first paint after ${ours} ms; a page that is nothing after ${nothing} ms`);
  },

  // Who comes late sees how everything stands, and the builds that were.
  async late() {
    const page = await open();
    await ready(page);
    assert.equal(await page.textContent("#summary"), "12 capsules: 10 sound, 1 failed, 1 held, 1 building");
    assert.equal(new URL(page.url()).hash, "#/", "the token stays in the address");
    assert.deepEqual(await page.$$eval(".card h3 a", (all) => all.map((a) => a.textContent)), ["auth", "chat"]);
    assert.deepEqual(await page.$$eval(".card .place", (all) => all.map((b) => b.textContent)), ["src/lib.rs:42:17", "src/tools/search.rs:7:9", "src/lib.rs:12:9"]);
    await capsule(page, "auth");
    assert.equal(await page.locator(".builds .bar.build").count(), 14);
    assert.equal(await page.locator(".builds .bar.failed").count(), 2);
    assert.equal(await page.locator(".sizes .point").count(), 14);
    await page.click(".builds summary");
    assert.equal(await page.locator(".builds tbody tr").count(), 16);
    await tell("fail?name=mail");
    await page.waitForFunction(() => document.getElementById("said").textContent === "mail: failed");
    await tell("reload?name=mail");
    await page.waitForFunction(() => document.getElementById("said").textContent === "mail: sound");
    await page.waitForFunction(() => document.title.startsWith("✕ 2 · auth")); // drawn a moment later
    await page.reload(); // the token is kept for the tab
    await ready(page);
    await agrees(page);
  },

  // 500 events a second of twelve capsules: the page shows all of them, and can be used meanwhile.
  async storm() {
    const page = await open();
    await ready(page);
    await page.evaluate(() => {
      window.longest = 0;
      let before = performance.now();
      setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - before);
        before = now;
      }, 5);
    });
    const begun = Date.now();
    const storm = tell("storm?n=3000");
    for (const name of ["play", "files", "weather"]) await capsule(page, name);
    await page.keyboard.press("l");
    await storm;
    const took = (Date.now() - begun) / 1000;
    await agrees(page);
    console.log(`${(3000 / took).toFixed(0)} events a second; the page was busy for ${(await page.evaluate(() => window.longest)).toFixed(0)} ms at most`);
    assert.doesNotMatch(await figures(page), /not told/);
  },

  // The connection is cut again and again while much happens: nothing is lost, and nothing comes twice.
  async reconnect() {
    const page = await open(`${url}`);
    const since = []; // what each further request for events says that it was told last
    page.on("request", (r) => r.url().endsWith("/api/events") && since.push(r.headers()["last-event-id"] ?? "nothing"));
    await ready(page);
    await page.keyboard.press("l");
    const storm = tell("storm?n=2000");
    for (let i = 0; i < 4; i++) {
      await page.waitForFunction(() => document.getElementById("link").dataset.link === "live");
      await new Promise((go) => setTimeout(go, 250));
      assert.ok(Number(await tell("cut")) > 0, "nothing was cut");
      await page.waitForFunction(() => document.getElementById("link").dataset.link === "lost");
    }
    await storm;
    await agrees(page);
    assert.doesNotMatch(await figures(page), /not told/);
    const told = since.slice(-4).map((id) => Number(id.split(".")[1]));
    assert.ok(told.length === 4 && told.every((seq, i) => seq > (told[i - 1] ?? 0)), `it came again after ${since}`); // else 200 events at most were told once more
    assert.equal(await page.textContent("#link .text"), "live");
  },

  // Who was away for longer than the hub remembers is told how everything stands, and how much was not told.
  async missed() {
    const page = await open();
    await ready(page);
    await page.keyboard.press("l");
    await page.locator(".log li").first().waitFor();
    const before = (await logged(page)).at(-1);
    await tell("flood");
    await page.waitForFunction(() => document.getElementById("figures").textContent.includes("not told"));
    const { seq } = await standing();
    await page.waitForFunction((seq) => Number(document.querySelector(".log li:last-child").dataset.seq) === seq, seq);
    const seqs = await logged(page);
    const first = seqs.find((n) => n > before);
    contiguous(seqs.slice(seqs.indexOf(first)));
    assert.equal(await figures(page), `${seq.toLocaleString("en")} events, ${(first - before - 1).toLocaleString("en")} of them not told: they came while this page was away`);
    await page.getByText("mail, failed").waitFor();
  },

  // Tools are called through their forms.
  async tools() {
    const page = await open();
    await ready(page);
    await capsule(page, "play");
    const tool = (name) => page.locator(`.tool:has(h3:text-is("${name}"))`);
    const unfold = async (name) => {
      await tool(name).locator("summary").first().click();
      return tool(name);
    };
    const said = async (t, text) => {
      await t.locator("button[type=submit]").click();
      await t.locator(".answer").getByText(text, { exact: false }).first().waitFor();
    };
    await tool("greet").waitFor();
    assert.equal(await page.locator(".tool").count(), 15);

    const greet = await unfold("greet");
    await greet.getByLabel("name").fill("Ada");
    await greet.getByLabel("name").press("Enter");
    await greet.locator("pre.content").waitFor();
    assert.equal(await greet.locator("pre.content").textContent(), "Hello, Ada!");
    assert.match(await greet.locator(".story").textContent(), /greeting Ada/);

    const add = await unfold("add");
    await add.getByLabel("numbers").fill("1\n2\n 39 \n");
    await add.getByLabel("round").selectOption("Up");
    await add.getByLabel("negate").selectOption("true");
    await said(add, "-42");
    await add.getByLabel("numbers").fill("9007199254740993\n-9007199254740992"); // JavaScript takes them for the same number
    await add.getByLabel("negate").selectOption("");
    await said(add, '"total": 1,');
    await add.getByLabel("numbers").fill("many");
    await said(add, "got string, want integer");

    const say = await unfold("say");
    await say.getByLabel("text").fill("<b>news</b>");
    await say.getByLabel("tell each call of the host").check();
    await said(say, "play.v1.said");
    await say.getByText("Refused").waitFor();
    await say.getByText("Calls of the host").waitFor();
    assert.match(await page.locator(".published").textContent(), /play\.v1\.said.*<b>news<\/b>/);
    await page.locator(".patterns").first().getByText("play.v1.said").first().waitFor();

    await said(await unfold("wrong"), "the tool says that it failed");
    await said(await unfold("panic"), "it gave no result");
    const endless = await unfold("endless");
    await endless.getByRole("button", { name: "Call" }).click();
    await endless.getByRole("button", { name: "Cancel" }).click();
    await endless.getByText("The call was cancelled.").waitFor();

    await tell("reload?name=play"); // the same tools again: what was written stays
    await page.getByText("reload #15").waitFor();
    await page.waitForTimeout(500);
    assert.equal(await greet.getByLabel("name").inputValue(), "Ada");
    await shot(page, "tools");
  },

  // What a form makes of schemas, and of what is written.
  async forms() {
    const page = await open();
    await ready(page);
    const results = await page.evaluate(async () => {
      const { inputs } = await import("/form.js");
      const made = (schema, fill = {}) => {
        const form = document.createElement("form");
        const f = inputs(schema);
        form.append(...f.shown);
        for (const [name, value] of Object.entries(fill)) {
          const label = [...form.querySelectorAll("label")].find((l) => l.querySelector(".field-name").textContent === name);
          const control = form.querySelector(`#${label.htmlFor}`);
          if (typeof value === "boolean") control.checked = value;
          else control.value = value;
          if (control.value !== value && typeof value !== "boolean") return `${name} cannot be ${value}`;
        }
        try {
          return f.read();
        } catch (error) {
          return `error: ${error.message}`;
        }
      };
      const object = (properties, more = {}) => ({ type: "object", properties, ...more });
      const all = object({
        text: { type: "string" }, count: { type: "integer" }, ratio: { type: "number" }, on: { type: "boolean" }, level: { enum: ["low", "high", 3] },
        list: { type: "array", items: { type: "string" } }, any: {}, deep: object({ a: { type: "string" }, b: object({ c: { type: "integer" } }) }),
      });
      const recursive = { $ref: "#/$defs/node", $defs: { node: object({ value: { type: "string" }, next: { $ref: "#/$defs/node" } }) } };
      return {
        empty: made(all),
        full: made(all, { text: 'a "b"\\', count: " 007 ", ratio: "1e3", on: "true", level: '"high"', list: "x\n\n y", any: "[1, 2]", a: "A", c: "5" }),
        notNumber: made(all, { count: "many" }),
        notJSON: made(all, { any: "{" }),
        required: made(object({ text: { type: "string" }, on: { type: "boolean" }, list: { type: "array", items: { type: "string" } } }, { required: ["text", "on", "list"] })),
        defaults: made(object({ text: { type: "string", default: "d" }, count: { type: "integer", default: 3 }, on: { type: "boolean", default: true }, level: { enum: ["a", "b"], default: "b" }, list: { type: "array", items: { type: "string" }, default: ["p", "q"] } })),
        nullable: made(object({ maybe: { anyOf: [{ $ref: "#/$defs/t" }, { type: "null" }] }, either: { type: ["integer", "null"] } }, { $defs: { t: { type: "string" } } }), { maybe: "m", either: "4" }),
        recursive: made(recursive, { value: "v" }),
        circle: made({ $ref: "#" }),
        none: made(null, { arguments: '{"a": 1}' }),
        open: made({ type: "object" }),
        closed: made(object({})),
      };
    });
    assert.deepEqual(results, {
      empty: "{}",
      full: '{"text":"a \\"b\\"\\\\","count":7,"ratio":1e3,"on":true,"level":"high","list":["x"," y"],"any":[1, 2],"deep":{"a":"A","b":{"c":5}}}',
      notNumber: '{"count":"many"}',
      notJSON: "error: What is written there is no JSON.",
      required: '{"text":"","on":false,"list":[]}',
      defaults: '{"text":"d","count":3,"on":true,"level":"b","list":["p","q"]}',
      nullable: '{"maybe":"m","either":4}',
      recursive: '{"value":"v"}',
      circle: "{}",
      none: '{"a": 1}',
      open: "{}",
      closed: "{}",
    });
  },

  // Without its token the page is nothing; another site's page gets nothing, and nor does a name that was turned to this machine.
  async refused() {
    const strange = await open(`${origin}/#token=WRONG`);
    await strange.getByRole("heading", { name: "No entry" }).waitFor();
    assert.equal(await strange.locator("#capsules a").count(), 0);
    const bare = await open(`${origin}/`);
    await bare.getByRole("heading", { name: "No entry" }).waitFor();
    await bare.goto(url.replace("/#", "/?again#")); // who then opens the right one is let in
    await ready(bare);

    const context = await browser.newContext();
    const evil = await context.newPage();
    await evil.goto(`${control}/evil`);
    const token = new URL(url).hash.slice("#token=".length);
    const got = await evil.evaluate(async ([origin, token]) => {
      const attempt = async (what) => {
        try {
          return await what();
        } catch {
          return "refused";
        }
      };
      const loads = (tag, set) => new Promise((told) => {
        const element = document.createElement(tag);
        Object.assign(element, set, { onload: () => told("loaded"), onerror: () => told("refused") });
        document.body.append(element);
      });
      const text = async (path, options) => (await fetch(origin + path, options)).text();
      return {
        read: await attempt(() => text("/api/status")),
        readPage: await attempt(() => text("/main.js")),
        readWithToken: await attempt(() => text("/api/status", { headers: { Authorization: `Bearer ${token}` } })),
        blind: await attempt(() => text("/api/call", { method: "POST", mode: "no-cors", body: "{}" })),
        events: await new Promise((told) => {
          const source = new EventSource(`${origin}/api/events`);
          source.onopen = () => told("open");
          source.onmessage = () => told("told");
          source.onerror = () => told("refused");
        }),
        script: await loads("script", { src: `${origin}/words.js` }),
        style: await loads("link", { rel: "stylesheet", href: `${origin}/page.css` }),
        image: await loads("img", { src: `${origin}/icon.svg` }),
      };
    }, [origin, token]);
    assert.deepEqual(got, { read: "refused", readPage: "refused", readWithToken: "refused", blind: "refused", events: "refused", script: "refused", style: "refused", image: "refused" });
    await evil.evaluate((origin) => new Promise((loaded) => {
      const frame = document.createElement("iframe");
      Object.assign(frame, { src: `${origin}/`, onload: loaded });
      document.body.append(frame);
    }), origin);
    const answered = (await (await fetch(`${control}/strangers`)).text()).trim().split("\n");
    for (const path of ["/api/status", "/main.js", "/api/call", "/api/events", "/words.js", "/page.css", "/icon.svg", "/"]) assert.ok(answered.some((a) => a.endsWith(` ${path}`)), `${path} was not asked for: ${answered}`);
    assert.ok(answered.every((a) => a.startsWith("403 ")), `answered: ${answered}`);
    await context.close();

    const rebound = await chromium.launch({ executablePath: CHROMIUM, headless: true, args: [...args, "--host-resolver-rules=MAP rebound.example 127.0.0.1"] });
    try {
      const page = await rebound.newPage();
      const port = new URL(url).port;
      const answer = await page.goto(`http://rebound.example:${port}/`);
      assert.equal(answer.status(), 403);
      const asOwn = await page.evaluate(async (token) => (await fetch("/api/status", { headers: { Authorization: `Bearer ${token}` } })).status, token);
      assert.equal(asOwn, 403);
    } finally {
      await rebound.close();
    }
  },

  // What a capsule says stays text.
  async hostile() {
    const page = await open();
    await ready(page);
    await tell("hostile");
    await page.getByText("<img src=x", { exact: false }).first().waitFor();
    await page.locator("#capsules a").filter({ hasText: "<img" }).click();
    await page.locator(".problems .finding").first().waitFor();
    await page.keyboard.press("l");
    await page.locator(".log .says").filter({ hasText: "<img" }).first().waitFor();
    assert.equal(await page.locator("main img, main script, nav img").count(), 0);
    assert.doesNotMatch(await page.title(), /taken/);
  },

  // All of it with the keyboard.
  async keyboard() {
    const page = await open();
    await ready(page);
    const hash = () => page.evaluate(() => decodeURIComponent(location.hash));
    const focus = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.tagName);
    await page.keyboard.press("Tab");
    assert.equal(await focus(), "skip");
    await page.keyboard.press("Enter");
    assert.equal(await focus(), "main");
    assert.equal(await hash(), "#/");
    await page.keyboard.press("j");
    assert.match(await hash(), /auth$/);
    await page.keyboard.press("j");
    assert.match(await hash(), /billing$/);
    await page.keyboard.press("k");
    await page.keyboard.press("k");
    assert.match(await hash(), /weather$/);
    await page.keyboard.press("/");
    assert.equal(await focus(), "filter");
    await page.keyboard.type("pla"); // and no key is one while somebody writes
    await page.waitForFunction(() => document.querySelectorAll("#capsules a").length === 1);
    await page.keyboard.press("Enter");
    assert.match(await hash(), /play$/);
    await page.keyboard.press("Escape"); // which empties the field, too
    await ready(page);
    assert.equal(await focus(), "BODY");
    await page.locator(".tool").first().waitFor();
    await page.keyboard.press("t");
    await page.keyboard.type("jolt");
    await page.keyboard.press("Enter");
    await page.locator("pre.content", { hasText: "Hello, jolt!" }).waitFor();
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.locator("dialog[open]").waitFor();
    await page.keyboard.press("Escape");
    await page.locator("dialog[open]").waitFor({ state: "detached" }).catch(() => {});
    assert.equal(await page.locator("dialog[open]").count(), 0);
    await page.keyboard.press("l");
    assert.equal(await hash(), "#/log");
    await page.keyboard.press("/");
    await page.keyboard.type("auth");
    await page.waitForFunction(() => [...document.querySelectorAll(".log .about")].every((e) => e.textContent === "auth"));
    await page.keyboard.press("Escape");
    await page.keyboard.press("o");
    assert.equal(await hash(), "#/");
  },

  // The page says that the watch has ended, and keeps what it knows.
  async end() {
    const page = await open();
    await ready(page);
    await tell("end");
    await page.getByText("the watch has ended").waitFor();
    assert.equal(await page.locator("#capsules a").count(), 12);
    await page.waitForTimeout(300);
    assert.equal(await page.textContent("#link .text"), "the watch has ended");
  },

  // axe-core finds no fault, in both themes and in every view.
  async axe() {
    const source = packages("axe-core").source;
    for (const colorScheme of ["light", "dark"]) {
      const page = await open(url, { colorScheme });
      await ready(page);
      const sound = async (view) => {
        const { violations, passes } = await page.evaluate(async (source) => {
          if (!window.axe) (0, eval)(source);
          return window.axe.run(document, { resultTypes: ["violations"] });
        }, source).catch(async () => {
          await page.evaluate(source);
          return page.evaluate(() => window.axe.run(document, { resultTypes: ["violations"] }));
        });
        assert.ok(passes.length > 10, "nothing was looked at");
        assert.deepEqual(violations.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join("  ")}`), [], `${view}, ${colorScheme}`);
        await shot(page, `${view}-${colorScheme}`);
      };
      await sound("overview");
      await page.keyboard.press("?");
      await sound("keys");
      await page.keyboard.press("Escape");
      await capsule(page, "auth");
      await page.locator(".builds summary").click();
      await page.locator(".sizes summary").click();
      await page.locator("details.output summary").click();
      await page.getByText("Its sources are not sound").waitFor();
      await sound("failed");
      await capsule(page, "play");
      await page.locator(".tool").first().waitFor();
      for (const details of await page.locator(".tool").all()) await details.evaluate((d) => (d.open = true));
      const say = page.locator('.tool:has(h3:text-is("say"))');
      await say.getByLabel("text").fill("news");
      await say.getByLabel("tell each call of the host").check();
      await say.getByLabel("text").press("Enter");
      await say.locator(".outcome").waitFor();
      await page.locator('.tool:has(h3:text-is("panic")) button').click();
      await page.locator('.tool:has(h3:text-is("panic")) .outcome').waitFor();
      await page.locator('.tool:has(h3:text-is("add"))').getByLabel("numbers").fill("many");
      await page.locator('.tool:has(h3:text-is("add")) button').click();
      await page.locator('.tool:has(h3:text-is("add")) .answer .failure').waitFor();
      await sound("capsule");
      await page.keyboard.press("l");
      await sound("log");
      await page.setViewportSize({ width: 400, height: 800 });
      await sound("log-narrow");
      await page.evaluate(() => (location.hash = "#/"));
      await sound("overview-narrow");
      for (const width of [400, 800, 1400]) { // nothing is cut off at the side, and every letter is large enough to be read
        await page.setViewportSize({ width, height: 800 });
        await page.reload();
        await ready(page);
        await page.locator("svg.chart .tick").first().waitFor();
        assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${width} px: the page is wider than its window`);
        const small = await page.evaluate(() => Math.min(...[...document.querySelectorAll("svg.chart .tick")].map((t) => t.getBoundingClientRect().height)));
        assert.ok(small >= 9, `${width} px: letters of a chart are ${small} px high`);
        await shot(page, `overview-${width}-${colorScheme}`);
      }
      await page.context().close();
    }
  },
};

try {
  await plays[process.argv[2]]();
  assert.deepEqual(wrong, []);
  assert.ok(asked.has("/api/events") || process.argv[2] === "paint");
} finally {
  await browser.close();
}
