import { expect, test } from "vitest";
import { answerRequests, type Call, json, problem } from "@/test/render";
import { Session } from "./session";

const BASE = "http://here";
const user = {
  id: "usr_1",
  email: "ada@example.org",
  admin: true,
  disabled: false,
  created_at: "",
};

/** A server whose access tokens are `at1`, `at2`, …; only the newest is good. */
function makeServer() {
  let issued = 0;
  let ended = false;
  const issue = () =>
    json({ access_token: `at${++issued}`, token_type: "bearer", expires_in: 900, user });
  const server = answerRequests({
    "POST /api/auth/token": issue,
    "POST /api/auth/refresh": async () => {
      await new Promise((done) => setTimeout(done, 5));
      return ended ? problem(401, "not_signed_in", "The session has ended.") : issue();
    },
    "POST /api/auth/logout": () => new Response(null, { status: 204 }),
    "GET /api/thing": () => json("unused"),
  });
  let marked = true;
  const tokens: (string | null)[] = [];
  const session = new Session({
    base: BASE,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      if (!request.url.endsWith("/api/thing")) return server.fetch(request);
      const token = request.headers.get("Authorization");
      tokens.push(token);
      if (token !== `Bearer at${issued}`) return problem(401, "not_signed_in", "Expired.");
      return json(await request.text());
    },
    exclusively: (work) => work(),
    mark: {
      has: () => marked,
      set: (on) => {
        marked = on;
      },
    },
  });
  return {
    session,
    tokens,
    refreshes: () => server.calls.filter(({ path }: Call) => path === "/api/auth/refresh").length,
    expire: () => void issued++,
    end: () => {
      ended = true;
      issued++;
    },
    marked: () => marked,
    unmark: () => {
      marked = false;
    },
  };
}

const thing = (body?: string) => new Request(`${BASE}/api/thing`, { method: "POST", body });

test("a page load signs in by the cookie", async () => {
  const { session } = makeServer();
  expect(session.state.status).toBe("unknown");
  expect(await session.restore()).toEqual({ status: "signed-in", user });
});

test("without a session begun here nothing is asked", async () => {
  const { session, refreshes, unmark } = makeServer();
  unmark();
  expect((await session.restore()).status).toBe("signed-out");
  expect(refreshes()).toBe(0);
});

test("many requests that meet an expired token renew it once, and are all sent again", async () => {
  const { session, refreshes, expire, tokens } = makeServer();
  await session.signIn("ada@example.org", "secret");
  expire();
  const answers = await Promise.all(["1", "2", "3"].map((body) => session.fetch(thing(body))));
  expect(await Promise.all(answers.map((answer) => answer.json()))).toEqual(["1", "2", "3"]);
  expect(refreshes()).toBe(1);
  expect(tokens.slice(-3)).toEqual(["Bearer at3", "Bearer at3", "Bearer at3"]);
});

test("a token near its end is renewed before it is used", async () => {
  const { session, refreshes, tokens } = makeServer();
  let time = 0;
  const late = new Session({
    base: BASE,
    now: () => time,
    exclusively: (work) => work(),
    fetch: (input, init) => {
      const request = new Request(input, init);
      tokens.push(request.headers.get("Authorization"));
      const answer = { access_token: `t${time}`, token_type: "bearer", expires_in: 60, user };
      return Promise.resolve(json(answer));
    },
  });
  await late.signIn("ada@example.org", "secret");
  time = 55_000;
  await late.fetch(thing());
  expect(tokens).toEqual([null, null, "Bearer t55000"]);
  expect(session.state.status).toBe("unknown");
  expect(refreshes()).toBe(0);
});

test("a session that has ended signs out; the request keeps its answer", async () => {
  const { session, end, marked } = makeServer();
  await session.signIn("ada@example.org", "secret");
  end();
  const answer = await session.fetch(thing());
  expect(answer.status).toBe(401);
  expect(session.state.status).toBe("signed-out");
  expect(marked()).toBe(false);
});

test("a server that is away does not sign anybody out", async () => {
  const session = new Session({
    base: BASE,
    exclusively: (work) => work(),
    mark: { has: () => true, set: () => {} },
    fetch: () => Promise.reject(new TypeError("Failed to fetch")),
  });
  await expect(session.restore()).rejects.toMatchObject({ problem: { code: "unreachable" } });
  expect(session.state.status).toBe("unknown");
});

test.each([401, 403, 404, 502])("a proxy's %s does not sign anybody out", async (status) => {
  const session = new Session({
    base: BASE,
    exclusively: (work) => work(),
    mark: { has: () => true, set: () => {} },
    fetch: () => Promise.resolve(new Response("<html>", { status })),
  });
  await expect(session.restore()).rejects.toMatchObject({ problem: { status } });
  expect(session.state.status).toBe("unknown");
});

test("a page that was opened while the server was away signs in with its first request", async () => {
  const { session, tokens } = makeServer();
  expect((await session.fetch(thing())).status).toBe(200);
  expect(tokens).toEqual(["Bearer at1"]);
  expect(session.state.status).toBe("signed-in");
});

test("signing out forgets at once", async () => {
  const { session } = makeServer();
  await session.signIn("ada@example.org", "secret");
  const leaving = session.signOut();
  expect(session.state.status).toBe("signed-out");
  await leaving;
});
