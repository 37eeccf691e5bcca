import type { DatasetFile } from "@/api/types";

const TEXTS: Record<DatasetFile["grade"], string> = {
  publisher: "The publisher's: the source states a hash of the content.",
  transport: "The connection's: the source states a checksum of the transfer only.",
  recorded: "Ours, at first use: the source states none.",
};

/** Whose word a checksum is, in a sentence. */
export function gradeText(grade: DatasetFile["grade"]): string {
  return TEXTS[grade];
}
