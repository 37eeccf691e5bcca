import { cleanup, screen, waitFor } from "@testing-library/preact";
import { beforeEach, expect, test, vi } from "vitest";
import { queryClient } from "@/api/live";
import { answerRequests, json, renderOnPage } from "@/test/render";
import { usePreparedTables } from "./usePreparedTables";

const TABLES = "/api/datasets/kaggle%3Aacme~one/tables";
const waiting = { tables: [{ id: "a" }], prepared: false, preparing: false, more_files: 0 };

function Probe() {
  const { list, ended } = usePreparedTables({ key: "kaggle:acme~one" });
  return <p>{list.data ? (ended ? "ended" : "under way") : "asked"}</p>;
}

beforeEach(() => queryClient.clear());

test("what was cancelled is not begun again by the next tab that is opened", async () => {
  const begun = vi.fn(() => json(waiting));
  const server = answerRequests({
    [`GET ${TABLES}`]: () => json(waiting),
    [`POST ${TABLES}`]: begun,
  });
  vi.stubGlobal("fetch", server.fetch);
  renderOnPage(<Probe />);
  await waitFor(() => expect(begun).toHaveBeenCalledTimes(1));
  expect(await screen.findByText("ended")).toBeVisible();
  cleanup();
  renderOnPage(<Probe />);
  expect(await screen.findByText("ended")).toBeVisible();
  expect(begun).toHaveBeenCalledTimes(1);
});
