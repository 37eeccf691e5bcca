import { beforeEach, expect, test, vi } from "vitest";
import { ProblemError, UNREACHABLE } from "@/api/problem";
import type { GivenFile } from "./folder";
import { PIECE_BYTES, type SendOptions, sendFolder } from "./sendFolder";

const sendAsMe = vi.hoisted(() => vi.fn());
vi.mock("@/api/client", () => ({ sendAsMe }));

/** A server that keeps what comes, by path; each fault meets one request with bytes. */
function serve(faults: ("drop" | "refuse" | undefined)[] = []) {
  const kept = new Map<string, number>();
  const sizes = new Map<string, number>();
  const requests: string[] = [];
  sendAsMe.mockImplementation(async (path: string, init: RequestInit) => {
    requests.push(path);
    if (path.endsWith("/files")) {
      const { files } = JSON.parse(init.body as string);
      for (const { path, size } of files) sizes.set(path, size);
      const arrived = files
        .filter(({ path }: { path: string }) => kept.has(path))
        .map(({ path, size }: { path: string; size: number }) => ({
          path,
          offset: kept.get(path),
          complete: kept.get(path) === size,
        }));
      return Response.json({ arrived });
    }
    if (!path.endsWith("/data")) return Response.json({ id: "add_1", key: "upload:a~b" });
    let rest = await (init.body as Blob).text();
    const fault = faults.shift();
    if (fault === "refuse") throw new ProblemError({ ...UNREACHABLE, status: 400, code: "bad" });
    while (rest) {
      const [line = ""] = rest.split("\n", 1);
      const { path, offset, length } = JSON.parse(line);
      const came = fault === "drop" ? Math.floor(length / 2) : length;
      kept.set(path, offset + came);
      if (fault === "drop") throw new ProblemError(UNREACHABLE);
      rest = rest.slice(line.length + 1 + length);
    }
    return Response.json({});
  });
  return { kept, sizes, requests };
}

function options(): SendOptions {
  return {
    signal: new AbortController().signal,
    onProgress: vi.fn(),
    onWaiting: vi.fn(),
    pause: vi.fn(async () => {}),
  };
}

function file(path: string, size: number): GivenFile {
  return { path, file: new File(["x".repeat(size)], path) };
}

beforeEach(() => {
  sendAsMe.mockReset();
});

test("small files share a request, and what is there is not sent again", async () => {
  const server = serve();
  server.kept.set("a/0", 1);
  const files = Array.from({ length: 200 }, (_, at) => file(`a/${at}`, 1));
  await expect(sendFolder({ name: "A" }, files, options(), vi.fn())).resolves.toHaveProperty(
    "ticket",
  );
  expect(server.requests.filter((path) => path.endsWith("/data"))).toHaveLength(1);
  expect(server.kept.size).toBe(200);
});

test("a large file goes on after what has arrived when the line drops", async () => {
  const server = serve([undefined, "drop"]);
  const given = options();
  const large = file("large", PIECE_BYTES + 1000);
  await expect(sendFolder({ name: "A" }, [large], given, vi.fn())).resolves.toHaveProperty(
    "ticket",
  );
  expect(server.kept.get("large")).toBe(PIECE_BYTES + 1000);
  expect(given.pause).toHaveBeenCalledTimes(1);
  expect(given.onProgress).toHaveBeenLastCalledWith(PIECE_BYTES + 1000, expect.anything());
});

test("a file that cannot be sent does not keep the others back, and is named", async () => {
  serve(["refuse", "refuse", undefined]);
  const outcome = await sendFolder({ name: "A" }, [file("a", 1), file("b", 1)], options(), vi.fn());
  expect(outcome).toMatchObject({ failed: [{ path: "a" }] });
});
