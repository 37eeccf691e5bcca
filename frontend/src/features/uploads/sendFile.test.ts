import { beforeEach, expect, test, vi } from "vitest";
import { ProblemError, UNREACHABLE } from "@/api/problem";
import { PIECE_BYTES, type SendOptions, sendFile } from "./sendFile";

const sendAsMe = vi.hoisted(() => vi.fn());
vi.mock("@/api/client", () => ({ sendAsMe }));

const SIZE = PIECE_BYTES + 100;

/** A server that keeps what comes; each fault meets one piece. */
function serve(faults: ((arrived: number) => number | "refuse")[]) {
  let kept = 0;
  sendAsMe.mockImplementation(async (_path: string, init: RequestInit = {}) => {
    if (init.method === "POST") return Response.json({ id: "one", offset: 0 });
    if (init.method !== "PATCH") return Response.json({ id: "one", offset: kept });
    const offset = Number(new Headers(init.headers).get("Upload-Offset"));
    const fault = faults.shift();
    if (offset !== kept)
      throw new ProblemError({ ...UNREACHABLE, status: 409, code: "wrong_offset" });
    const size = (init.body as Blob).size;
    const arrived = fault ? fault(size) : size;
    if (arrived === "refuse")
      throw new ProblemError({ ...UNREACHABLE, status: 400, code: "bad_image" });
    kept += arrived;
    if (fault) throw new ProblemError(UNREACHABLE);
    return Response.json(kept === SIZE ? { id: "one", sha256: "ab" } : { id: "one", offset: kept });
  });
}

function options(): SendOptions {
  return {
    deidentify: false,
    signal: new AbortController().signal,
    onProgress: vi.fn(),
    onWaiting: vi.fn(),
    pause: vi.fn(async () => {}),
  };
}

const file = new File([new Uint8Array(SIZE)], "a.dcm");

beforeEach(() => sendAsMe.mockReset());

test("a line that drops goes on after what has arrived", async () => {
  const given = options();
  serve([() => 65_536, () => 0]);
  await expect(sendFile("traffic", file, given)).resolves.toMatchObject({ sha256: "ab" });
  expect(given.pause).toHaveBeenCalledTimes(2);
  expect(given.onWaiting).toHaveBeenLastCalledWith(false);
});

test("a file that is refused is not sent again", async () => {
  const given = options();
  serve([() => "refuse"]);
  await expect(sendFile("traffic", file, given)).rejects.toThrow(ProblemError);
  expect(given.pause).not.toHaveBeenCalled();
});
