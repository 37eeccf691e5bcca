import type { DatasetStatistics, SamplePage } from "@/api/types";
import { plural } from "@/ui/format";

/** What is known of a dataset in one look: a name and what it is. */
export type Figure = [name: string, value: string];

export type Listed = Pick<SamplePage, "task_type" | "splits" | "classes" | "form">;

/** Of the list of its samples. */
export function listedFigures(page: Listed): Figure[] {
  const total = page.splits.reduce((sum, split) => sum + split.total, 0);
  const texts = page.task_type === "text";
  const splits = page.splits.map(({ name, total: of }) => `${name} ${of.toLocaleString("en")}`);
  const classes = page.classes.length;
  const boxed = page.task_type === "detection";
  return [
    [texts ? "Samples" : "Images", total.toLocaleString("en")],
    ...(splits.length > 1 ? [["Splits", splits.join(" · ")] as Figure] : []),
    ...(classes > 0
      ? [[boxed ? "Categories" : "Classes", classes.toLocaleString("en")] as Figure]
      : []),
    ...(page.form ? [["Form", page.form] as Figure] : []),
  ];
}

/** Of its statistics, where they are computed. */
export function computedFigures({ groups }: DatasetStatistics): Figure[] {
  const images = groups?.filter(({ of }) => of === "images") ?? [];
  const boxes = groups?.filter(({ of }) => of === "boxes") ?? [];
  const unreadable = images.reduce((sum, group) => sum + (group.unreadable ?? 0), 0);
  const width = extent(images, "Width");
  const height = extent(images, "Height");
  const count = boxes.reduce((sum, group) => sum + group.total, 0);
  const found: Figure[] = [];
  if (width && height) found.push(["Pixels", `${width} × ${height}`]);
  if (count > 0) found.push(["Boxes", count.toLocaleString("en")]);
  if (unreadable > 0) found.push(["Cannot be read", plural(unreadable, "image")]);
  return found;
}

/** `28`, or `28 to 640`, over all splits. */
function extent(groups: NonNullable<DatasetStatistics["groups"]>, name: string): string | null {
  const columns = groups.flatMap(({ columns: all }) => all.filter((one) => one.name === name));
  const ends = columns
    .flatMap(({ min, max }) => [Number(min), Number(max)])
    .filter(Number.isFinite);
  if (ends.length === 0) return null;
  const [least, most] = [Math.min(...ends), Math.max(...ends)];
  const told = (value: number) => value.toLocaleString("en");
  return least === most ? told(least) : `${told(least)} to ${told(most)}`;
}
