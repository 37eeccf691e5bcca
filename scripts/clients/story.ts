// What a program does with the types that openapi-typescript makes and openapi-fetch: `story.ts ADDRESS`.

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.d.ts";

declare const process: { argv: string[] };

type Schemas = components["schemas"];
type ServerMessage = Schemas["ServerMessage"];

const address = process.argv[2] ?? "";
const EMAIL = "typescript@example.org";
const PASSWORD = "correct horse battery";

/** The answer's body; an error is thrown as its problem. */
function expected<T>(answer: { data?: T; error?: Schemas["Problem"] | Schemas["Readiness"] }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

async function main(): Promise<void> {
  const stranger = createClient<paths>({ baseUrl: address });
  expected(await stranger.POST("/api/auth/register", { body: { email: EMAIL, password: PASSWORD } }));
  const session = expected(
    await stranger.POST("/api/auth/token", {
      body: { username: EMAIL, password: PASSWORD, client: "cli" },
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      bodySerializer: (form) => new URLSearchParams(form as Record<string, string>),
    }),
  );
  const person = signedIn(session.access_token);
  const made = expected(
    await person.POST("/api/auth/tokens", { body: { name: "story", scope: "download" } }),
  );
  await download(signedIn(made.token), session.user.id);
}

function signedIn(token: string) {
  return createClient<paths>({ baseUrl: address, headers: { Authorization: `Bearer ${token}` } });
}

/** Search, download the first hit, follow it over the socket, and find it in the library. */
async function download(script: ReturnType<typeof signedIn>, userId: string): Promise<void> {
  const found = expected(
    await script.POST("/api/datasets/search-all", { body: { query: "wine", limit: 5 } }),
  );
  const ref = found.datasets[0]?.ref ?? "";
  const { ticket } = expected(await script.POST("/api/auth/ws-ticket"));
  const jobs = await followed(ticket, `user:${userId}`);
  const started = expected(
    await script.POST("/api/datasets/download-dataset", {
      body: { dataset_id: ref },
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    }),
  );
  const job = await jobs(started.job_id);
  if (job.state !== "succeeded") throw new Error(JSON.stringify(job));
  const library = expected(await script.GET("/api/datasets"));
  if (!library.datasets.some((dataset) => dataset.ref === ref)) throw new Error("not in the library");
  console.log(`${ref} is in the library`);
}

/** Follow a topic; returns what waits for the end of one of its jobs. */
function followed(ticket: string, topic: string): Promise<(id: string) => Promise<Schemas["JobView"]>> {
  const socket = new WebSocket(`${address.replace("http", "ws")}/api/ws?ticket=${ticket}`);
  const ended = new Map<string, Schemas["JobView"]>();
  const waiting = new Map<string, (job: Schemas["JobView"]) => void>();
  const wait = (id: string) =>
    new Promise<Schemas["JobView"]>((resolve) => {
      const job = ended.get(id);
      if (job) resolve(job);
      else waiting.set(id, resolve);
    }).finally(() => socket.close());
  return new Promise((resolve, reject) => {
    const subscribe: Schemas["ClientMessage"] = { op: "subscribe", topic };
    socket.onopen = () => socket.send(JSON.stringify(subscribe));
    socket.onclose = (event) => reject(new Error(`closed with ${event.code}`));
    socket.onmessage = (event) => {
      const message = JSON.parse(String(event.data)) as ServerMessage;
      if (message.op === "subscribed") resolve(wait);
      if (message.op !== "event" || message.job.active) return;
      ended.set(message.job.id, message.job);
      waiting.get(message.job.id)?.(message.job);
    };
  });
}

await main();
