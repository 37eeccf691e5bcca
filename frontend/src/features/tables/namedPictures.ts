import { queryOptions, useQueries, useQuery } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { NamedPicture } from "@/api/types";
import { range } from "./gridGeometry";
import type { TablePlace } from "./queries";

const PICTURE = /[^/\\]\.(jpe?g|png|webp|gif|bmp|tiff?|ppm|pgm|avif|jp2|j2k)$/i;
/** What the server takes. */
const MOST_LETTERS = 1024;
const MOST_NAMES = 60;
/** Rows whose pictures are asked for at once. */
const ROWS = 20;

/** Whether a text may name a picture of its dataset. */
export function namesPicture(text: string | null | undefined): text is string {
  return !!text && text.length <= MOST_LETTERS && PICTURE.test(text);
}

function picturesQuery({ key, revision, table }: TablePlace, names: readonly string[]) {
  return queryOptions({
    queryKey: ["table-pictures", key, revision, table, names],
    queryFn: ({ signal }) => {
      const params = { path: { key, table }, query: { revision, name: [...names] } };
      return answerOf(api.GET("/api/datasets/{key}/tables/{table}/pictures", { signal, params }));
    },
    enabled: names.length > 0,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

/** The pictures that a text cell may name, by the names. */
export function useNamedPictures(
  place: TablePlace,
  rows: { from: number; to: number },
  columns: readonly number[],
  cell: (row: number, column: number) => string | null | undefined,
): ReadonlyMap<string, NamedPicture> {
  const stretches = range(Math.floor(rows.from / ROWS), Math.ceil(rows.to / ROWS));
  const answers = useQueries({
    queries: stretches.map((stretch) => {
      const texts = range(stretch * ROWS, (stretch + 1) * ROWS).flatMap((row) =>
        columns.map((column) => cell(row, column)),
      );
      const names = [...new Set(texts.filter(namesPicture))];
      return picturesQuery(place, names.slice(0, MOST_NAMES));
    }),
  });
  const found = answers.flatMap(({ data }) => data?.pictures ?? []);
  return new Map(found.map((picture) => [picture.name, picture]));
}

/** The picture that one text names; undefined where it names none. */
export function useNamedPicture(place: TablePlace, text: string | null | undefined) {
  const { data } = useQuery(picturesQuery(place, namesPicture(text) ? [text] : []));
  return data?.pictures[0];
}
