import { expect, test } from "vitest";
import { sampleJob } from "@/test/samples";
import { type Position, read, START, subscription, type TopicMessage } from "./topics";

const topic = "user:u";
const at = (epoch: string, seq: number): Position => ({ epoch, seq });

function event(epoch: string, seq: number): TopicMessage {
  return { op: "event", topic, epoch, seq, job: sampleJob({ id: `job_${seq}` }) };
}

function snapshot(epoch: string, seq: number, id = "job_s"): TopicMessage {
  return { op: "snapshot", topic, epoch, seq, job: sampleJob({ id }) };
}

test("the next event is shown and moves the position", () => {
  expect(read(at("a", 4), event("a", 5))).toEqual({
    position: at("a", 5),
    job: expect.objectContaining({ id: "job_5" }),
    gap: false,
  });
});

test.each([4, 5])("event %i after 5 was seen already", (seq) => {
  expect(read(at("a", 5), event("a", seq))).toEqual({
    position: at("a", 5),
    job: null,
    gap: false,
  });
});

test("an event after a gap is shown, and the gap is reported", () => {
  const { position, job, gap } = read(at("a", 5), event("a", 8));
  expect(position).toEqual(at("a", 8));
  expect(job?.id).toBe("job_8");
  expect(gap).toBe(true);
});

test("every snapshot of one position is shown", () => {
  const first = read(START, snapshot("a", 7, "job_1"));
  const second = read(first.position, snapshot("a", 7, "job_2"));
  expect([first.job?.id, second.job?.id]).toEqual(["job_1", "job_2"]);
  expect(second.position).toEqual(at("a", 7));
});

test("a snapshot from before what is shown is dropped", () => {
  expect(read(at("a", 9), snapshot("a", 7)).job).toBeNull();
});

test("a new life of the server counts from the start", () => {
  const renewed = read(at("a", 900), snapshot("b", 2));
  expect(renewed).toMatchObject({ position: at("b", 2), gap: false });
  expect(renewed.job).not.toBeNull();
  expect(read(at("a", 900), event("b", 3))).toMatchObject({ position: at("b", 3), gap: true });
});

test("what follows a subscription starts where it says", () => {
  const reading = read(START, { op: "subscribed", topic, epoch: "a", seq: 12 });
  expect(reading).toEqual({ position: at("a", 12), job: null, gap: false });
  expect(read(reading.position, event("a", 13)).gap).toBe(false);
});

test("a subscription goes on where reading ended", () => {
  expect(subscription(topic, START)).toEqual({ op: "subscribe", topic });
  expect(subscription(topic, at("a", 3))).toEqual({ op: "subscribe", topic, after: 3, epoch: "a" });
});
