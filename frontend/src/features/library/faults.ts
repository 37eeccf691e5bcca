import type { CheckReport } from "@/api/types";

type Fault = CheckReport["faults"][number]["fault"];

const WORDS: Record<Fault, string> = {
  missing: "missing",
  changed: "changed",
  unreadable: "cannot be read",
  touched: "written to",
  foreign: "not the dataset's",
  source_differs: "differs at source",
};

/** What is wrong with a file, in a word or two. */
export function faultWords(fault: Fault): string {
  return WORDS[fault];
}
