import type { Receipt } from "@/api/types";
import { capitalized } from "@/ui/format";

export type Grade = Receipt["grade"];

const WORDS: Record<Grade, string> = {
  publisher: "verified against the publisher's checksum",
  transport: "verified in transport (CRC)",
  recorded: "recorded at first use",
};

const BRIEF: Record<Grade, string> = {
  publisher: "verified",
  transport: "CRC only",
  recorded: "recorded",
};

const REASONS: Record<Grade, string> = {
  publisher: "the source states a hash of the content",
  transport: "the source states a checksum of the transfer only",
  recorded: "the source states no checksum, so this one is ours",
};

/** Whose word a checksum is: `verified against the publisher's checksum`. */
export function gradeWords(grade: Grade): string {
  return WORDS[grade];
}

/** The same in a word or two, for where space is scarce; the words belong in its title. */
export function gradeBrief(grade: Grade): string {
  return BRIEF[grade];
}

/** In a sentence, with the reason. */
export function gradeText(grade: Grade): string {
  return `${capitalized(WORDS[grade])}: ${REASONS[grade]}.`;
}
