import { screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { expect, test, vi } from "vitest";
import { session } from "@/api/client";
import type { SpeedLimits } from "@/api/types";
import { answerRequests, type Call, json, problem, renderOnPage } from "@/test/render";
import { SpeedLimit } from "./SpeedLimit";
import { limitsFrom, limitText } from "./speedText";

const NONE: SpeedLimits = {
  bytes_per_s: null,
  night: null,
  night_bytes_per_s: null,
  set_by: "settings",
};
const SET: SpeedLimits = {
  bytes_per_s: 2_500_000,
  night: "22:00-06:00",
  night_bytes_per_s: null,
  set_by: "admin",
};

/** Somebody looks at the limit; returns what the page asks for. */
async function open(limits: SpeedLimits, admin = true, put?: (call: Call) => Response) {
  const user = { id: "u", email: "ada@example.org", admin, created_at: "2026-01-01T00:00:00Z" };
  const token = { access_token: "t", token_type: "bearer", expires_in: 900, user };
  const server = answerRequests({
    "POST /api/auth/token": () => json(token),
    "GET /api/transfer/limits": () => json(limits),
    "PUT /api/transfer/limits":
      put ?? ((call) => json({ ...JSON.parse(call.body), set_by: "admin" })),
    "DELETE /api/transfer/limits": () => json(NONE),
  });
  vi.stubGlobal("fetch", server.fetch);
  await session.signIn(user.email, "secret");
  renderOnPage(<SpeedLimit />);
  await waitFor(() => expect(server.calls.at(-1)?.path).toBe("/api/transfer/limits"));
  return server.calls;
}

const change = async () =>
  userEvent.click(await screen.findByRole("button", { name: "Change the speed limit" }));

test("an admin sets a limit, and it is shown", async () => {
  const calls = await open(NONE);
  expect(await screen.findByText(/Speed limit: none/)).toBeVisible();
  await change();
  await userEvent.type(screen.getByLabelText("All downloads, MB/s"), "2.5");
  await userEvent.type(screen.getByLabelText("Night, from"), "22:00");
  await userEvent.type(screen.getByLabelText("Night, to"), "06:00");
  await userEvent.click(screen.getByRole("button", { name: "Set" }));
  expect(await screen.findByText(/2.5 MB\/s; no limit 22:00–06:00/)).toBeVisible();
  const { set_by: _, ...body } = SET;
  expect(JSON.parse(calls.at(-1)?.body ?? "")).toEqual(body);
});

test("the form begins with what is set, and leads back to the settings", async () => {
  const calls = await open(SET);
  await change();
  expect(screen.getByLabelText("All downloads, MB/s")).toHaveValue("2.5");
  expect(screen.getByLabelText("Night, from")).toHaveValue("22:00");
  await userEvent.click(screen.getByRole("button", { name: "Back to the server's settings" }));
  expect(await screen.findByText(/Speed limit: none/)).toBeVisible();
  expect(calls.at(-1)?.method).toBe("DELETE");
});

test("the focus goes to the first field, and back to the button", async () => {
  await open(NONE);
  await change();
  expect(screen.getByLabelText("All downloads, MB/s")).toHaveFocus();
  await userEvent.click(screen.getByRole("button", { name: "Cancel" }));
  expect(screen.getByRole("button", { name: "Change the speed limit" })).toHaveFocus();
});

test("what is no speed is not sent, and a refusal is shown", async () => {
  const calls = await open(NONE, true, () => problem(403, "forbidden", "Only admins may."));
  await change();
  const speed = screen.getByLabelText("All downloads, MB/s");
  await userEvent.type(speed, "quick{Enter}");
  expect(screen.getByRole("alert")).toHaveTextContent("MB/s above 0");
  expect(calls.filter((call) => call.method === "PUT")).toEqual([]);
  await userEvent.clear(speed);
  await userEvent.type(speed, "3{Enter}");
  expect(await screen.findByText("Only admins may.")).toBeVisible();
});

test("others are shown a limit and have no button", async () => {
  await open(SET, false);
  expect(await screen.findByText(/2.5 MB\/s/)).toBeVisible();
  expect(screen.queryByRole("button")).toBeNull();
});

test("no limit is not shown to others", () => {
  expect(limitText(NONE)).toBeNull();
  expect(limitText({ ...NONE, night: "01:00-02:00" })).toBeNull();
  expect(limitText({ ...NONE, night: "01:00-02:00", night_bytes_per_s: 1e6 })).toBe(
    "none; 1.0 MB/s 01:00–02:00",
  );
});

test.each([
  [{ speed: "0" }, "above 0"],
  [{ speed: "-1" }, "above 0"],
  [{ from: "22:00" }, "an end"],
  [{ from: "22:00", to: "22:00" }, "different"],
  [{ night: "5" }, "needs the hours"],
])("%o is not what can be set", (given: Record<string, string>, words) => {
  expect(limitsFrom((name) => given[name] ?? "")).toContain(words);
});
