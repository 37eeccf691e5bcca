import { describe, expect, test } from "vitest";
import type { JobTransition } from "@/api/types";
import { eventText } from "./JobHistory";
import { linePoints } from "./RateGraph";

const download = { kind: "download" } as const;

function told(states: JobTransition["state"][]): string[] {
  const events = states.map((state) => ({ state, attempt: 1 }));
  return events.map((event, n) => eventText(event, events[n - 1], download));
}

describe("what happened to a job", () => {
  test("says why it is in the queue again", () => {
    expect(
      told(["queued", "running", "paused", "queued", "running", "queued", "failed", "queued"]),
    ).toEqual([
      "Added",
      "Started",
      "Paused",
      "Resumed",
      "Started",
      "The server stopped or restarted; it goes on from what had arrived",
      "Failed",
      "Started again",
    ]);
  });

  test("says what it waited for, and which attempt it is", () => {
    const problem = { code: "network", detail: "The connection failed.", status: 502 };
    const waiting = { state: "waiting", attempt: 2, problem } as const;
    expect(eventText(waiting, undefined, download)).toBe("Waiting: The connection failed.");
    const again = { state: "running", attempt: 2 } as const;
    expect(eventText(again, waiting, download)).toBe("Attempt 2 started");
  });
});

test("a graph has three minutes from left to right, and no point outside", () => {
  const samples = [-200, -180, -90, 0].map((second) => ({ at: second * 1000, rate: second + 200 }));
  expect(linePoints(samples, 0, 200)).toBe("0.0,49.6 150.0,25.3 300.0,1.0");
});
