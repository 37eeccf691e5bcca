/** When a token ends: in so many days, with a day, or never. */
export type EndChoice = "7" | "30" | "90" | "365" | "day" | "never";

export const END_CHOICES: readonly { id: EndChoice; label: string }[] = [
  { id: "7", label: "In 7 days" },
  { id: "30", label: "In 30 days" },
  { id: "90", label: "In 90 days" },
  { id: "365", label: "In a year" },
  { id: "day", label: "On a day …" },
  { id: "never", label: "Never" },
];

/** A day of the reader's calendar as a date field has it: `2027-06-30`. */
export function dayFromNow(days: number, now = new Date()): string {
  const day = new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  const two = (part: number) => String(part).padStart(2, "0");
  return `${day.getFullYear()}-${two(day.getMonth() + 1)}-${two(day.getDate())}`;
}

/** As the server wants it; a day counts to its last second. `day` is empty unless one is to be chosen. */
export function endAt(choice: EndChoice, day: string, now = new Date()): string | null {
  if (choice === "never") return null;
  if (choice !== "day") return new Date(now.getTime() + Number(choice) * 86_400_000).toISOString();
  const [year = 0, month = 1, date = 1] = (day || dayFromNow(90, now)).split("-").map(Number);
  return new Date(year, month - 1, date, 23, 59, 59).toISOString();
}
