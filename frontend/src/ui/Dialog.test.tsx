import { render, screen, waitFor } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { useState } from "react";
import { expect, test } from "vitest";
import { Dialog } from "./Dialog";

function Screens() {
  const [here, go] = useState(true);
  return here ? (
    <Dialog open onOpenChange={() => {}} title="Asks">
      <button type="button" onClick={() => go(false)}>
        Leave
      </button>
    </Dialog>
  ) : (
    <p>Elsewhere</p>
  );
}

test("a screen that goes while its dialog stands leaves the next one usable", async () => {
  render(<Screens />);
  await waitFor(() => expect(document.body.style.pointerEvents).toBe("none"));
  await userEvent.setup().click(screen.getByRole("button", { name: "Leave" }));
  await screen.findByText("Elsewhere");
  await waitFor(() => expect(document.body.style.pointerEvents).not.toBe("none"));
});
