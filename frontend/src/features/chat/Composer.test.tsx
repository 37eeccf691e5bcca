import { render, screen } from "@testing-library/preact";
import userEvent from "@testing-library/user-event";
import { createRef } from "react";
import { expect, test, vi } from "vitest";
import { Composer } from "./Composer";

function open(props: { busy?: boolean; lastMessage?: string } = {}) {
  const onSend = vi.fn();
  const onStop = vi.fn();
  render(<Composer box={createRef()} onSend={onSend} onStop={onStop} {...props} />);
  return { onSend, onStop, box: screen.getByRole("textbox", { name: "Message" }) };
}

test("Enter sends, Shift+Enter is a new line, spaces alone are nothing", async () => {
  const { onSend, box } = open();
  await userEvent.type(box, "  {Enter}");
  expect(onSend).not.toHaveBeenCalled();
  await userEvent.type(box, "one{Shift>}{Enter}{/Shift}two{Enter}");
  expect(onSend).toHaveBeenCalledExactlyOnceWith("one\ntwo");
  expect(box).toHaveValue("");
});

test("the up arrow brings the last message back, Escape drops it", async () => {
  const { onSend, box } = open({ lastMessage: "find iris" });
  await userEvent.type(box, "{ArrowUp}");
  expect(box).toHaveValue("find iris");
  await userEvent.type(box, "{Escape}");
  expect(box).toHaveValue("");
  await userEvent.type(box, "{ArrowUp}es{Enter}");
  expect(onSend).toHaveBeenCalledWith("find irises");
});

test("while an answer is written there is Stop, and nothing is sent", async () => {
  const { onSend, onStop, box } = open({ busy: true });
  await userEvent.type(box, "next{Enter}");
  expect(onSend).not.toHaveBeenCalled();
  expect(box).toHaveValue("next");
  await userEvent.click(screen.getByRole("button", { name: "Stop" }));
  expect(onStop).toHaveBeenCalledOnce();
});

test("a message over the limit is not sent", async () => {
  const { onSend, box } = open();
  await userEvent.click(box);
  await userEvent.paste("x".repeat(16_001));
  await userEvent.keyboard("{Enter}");
  expect(onSend).not.toHaveBeenCalled();
  expect(screen.getByRole("alert")).toHaveTextContent("16,001 characters");
});
