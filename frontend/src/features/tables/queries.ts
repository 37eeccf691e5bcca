import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import { answerOf, api } from "@/api/client";
import type { TableFilter, TableList, TableView } from "@/api/types";

/** Rows and columns that are fetched at once. */
export const BLOCK_ROWS = 100;
export const BLOCK_COLUMNS = 20;
export const MOST_CELL_CHARS = 1_000_000;
const ASK_AGAIN_MS = 1000;

export interface TablesPlace {
  key: string;
  revision?: string;
}

export interface TablePlace extends TablesPlace {
  table: string;
}

/** Which rows, and in what order. */
export interface RowSelection {
  filters: TableFilter[];
  search: string;
  sort?: number;
  descending?: boolean;
}

export const ALL_ROWS: RowSelection = { filters: [], search: "" };

/** The tables of a dataset; while they are being prepared it is asked again. */
export function tablesQuery({ key, revision }: TablesPlace) {
  return queryOptions({
    queryKey: ["library", "tables", key, revision],
    queryFn: () => {
      const params = { path: { key }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/tables", { params }));
    },
    refetchInterval: ({ state }) => (state.data?.preparing ? ASK_AGAIN_MS : false),
  });
}

/** Starts what makes every row readable, where that is still to do. */
export function prepareTables({ key, revision }: TablesPlace): Promise<TableList> {
  const params = { path: { key }, query: { revision } };
  return answerOf(api.POST("/api/datasets/{key}/tables", { params }));
}

/** One table with all its columns. */
export function tableQuery({ key, revision, table }: TablePlace) {
  return queryOptions<TableView>({
    queryKey: ["library", "table", key, revision, table],
    queryFn: () => {
      const params = { path: { key, table }, query: { revision } };
      return answerOf(api.GET("/api/datasets/{key}/tables/{table}", { params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function parametersOf({ filters, search, sort, descending }: RowSelection) {
  return {
    filter: filters.length > 0 ? filters.map((one) => JSON.stringify(one)) : undefined,
    search: search || undefined,
    sort,
    descending: sort === undefined ? undefined : descending,
  };
}

/** A block of rows and columns of a selection. Who scrolls on ends what is being read. */
export function blockQuery(
  { key, revision, table }: TablePlace,
  selection: RowSelection,
  rowBlock: number,
  columns: readonly number[],
) {
  return queryOptions({
    queryKey: ["table-rows", key, revision, table, selection, rowBlock, columns[0], columns.length],
    queryFn: ({ signal }) => {
      const query = {
        revision,
        offset: rowBlock * BLOCK_ROWS,
        limit: BLOCK_ROWS,
        column: [...columns],
        ...parametersOf(selection),
      };
      const params = { path: { key, table }, query };
      return answerOf(api.GET("/api/datasets/{key}/tables/{table}/rows", { signal, params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 60_000,
  });
}

/** One cell, up to `MOST_CELL_CHARS` of it. */
export function cellQuery(
  { key, revision, table }: TablePlace,
  selection: RowSelection,
  row: number,
  column: number,
) {
  return queryOptions({
    queryKey: ["table-cell", key, revision, table, selection, row, column],
    queryFn: async ({ signal }) => {
      const query = {
        revision,
        offset: row,
        limit: 1,
        column: [column],
        cell_chars: MOST_CELL_CHARS,
        ...parametersOf(selection),
      };
      const params = { path: { key, table }, query };
      const page = await answerOf(
        api.GET("/api/datasets/{key}/tables/{table}/rows", { signal, params }),
      );
      return { text: page.rows[0]?.[0] ?? null, chars: page.cut?.[0]?.chars };
    },
  });
}

/** Statistics of some columns, of the rows of a selection. */
export function statisticsQuery(
  { key, revision, table }: TablePlace,
  { filters, search }: RowSelection,
  columns: readonly number[],
) {
  return queryOptions({
    queryKey: ["table-statistics", key, revision, table, filters, search, columns],
    queryFn: ({ signal }) => {
      const query = { revision, column: [...columns], ...parametersOf({ filters, search }) };
      const params = { path: { key, table }, query };
      return answerOf(api.GET("/api/datasets/{key}/tables/{table}/statistics", { signal, params }));
    },
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: keepPreviousData,
  });
}
