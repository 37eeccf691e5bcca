import { expect, test } from "vitest";
import type { IndexView } from "@/api/types";
import { ageWords, costWords, indexWords, scheduleWords } from "./indexWords";

const NOW = Date.parse("2026-05-04T12:00:00Z");

function view(fields: Partial<IndexView> = {}): IndexView {
  return {
    state: "absent",
    sources: [],
    datasets: 0,
    size_bytes: 0,
    update_h: 168,
    job_mine: false,
    may_change: true,
    ...fields,
  };
}

test("what the hubs do not tell is not counted", () => {
  expect(costWords([{ source: "kaggle" }])).toBeNull();
  const told = { source: "huggingface", download_bytes: 342e6, peak_bytes: 984e6 } as const;
  expect(costWords([told, { source: "kaggle" }])).toBe(
    "342 MB to download, up to 984 MB of disk while it is built",
  );
});

test("how fresh it is, and when that is looked at again", () => {
  expect(ageWords("2026-05-02T09:00:00Z", NOW)).toBe("2 days ago");
  expect(ageWords("2026-05-04T09:00:00Z", NOW)).toBe("today");
  const ready = view({
    datasets: 1_204_567,
    size_bytes: 398e6,
    snapshot_at: "2026-05-03T09:00:00Z",
  });
  expect(indexWords(ready, NOW)).toBe("1,204,567 datasets · 398 MB · as of 1 day ago");
  expect(scheduleWords(view())).toBe("Updated by itself every 7 days.");
  expect(scheduleWords(view({ update_h: 36 }))).toBe("Updated by itself every 36 h.");
  expect(scheduleWords(view({ update_h: 0 }))).toMatch(/only when/);
});
