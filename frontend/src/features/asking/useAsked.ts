import { useEffect, useRef, useState } from "react";
import { asProblem } from "@/api/problem";
import type { Problem, TableAnswer } from "@/api/types";
import type { TablePlace } from "@/features/tables/queries";
import { announce } from "@/ui/announcer";
import { plural } from "@/ui/format";
import { ask } from "./queries";

/** Answers of this visit, the newest first, by table: they stay when another tab is looked at. */
const kept = new Map<string, TableAnswer[]>();
const MOST_KEPT = 20;

/** Questions to one table, one at a time. Who leaves ends the one that runs. */
export function useAsked(place: TablePlace) {
  const name = JSON.stringify([place.key, place.revision, place.table]);
  const [answers, setAnswers] = useState<readonly TableAnswer[]>(() => kept.get(name) ?? []);
  const [chosen, setChosen] = useState(0);
  const [running, setRunning] = useState<string | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const request = useRef<AbortController | null>(null);
  useEffect(() => () => request.current?.abort(), []);

  async function put(question: string) {
    request.current?.abort();
    const mine = new AbortController();
    request.current = mine;
    setRunning(question);
    setProblem(null);
    try {
      const answer = await ask(place, question, mine.signal);
      if (mine.signal.aborted) return;
      const others = (kept.get(name) ?? []).filter(({ sql }) => sql !== answer.sql);
      kept.set(name, [answer, ...others].slice(0, MOST_KEPT));
      setAnswers(kept.get(name) ?? []);
      setChosen(0);
      announce(`Answered: ${plural(answer.result.rows.length, "row")}`);
    } catch (error) {
      if (!mine.signal.aborted) setProblem(asProblem(error));
    } finally {
      if (request.current === mine) setRunning(null);
    }
  }

  function cancel() {
    request.current?.abort();
    request.current = null;
    setRunning(null);
  }

  return { answers, answer: answers[chosen], choose: setChosen, running, problem, put, cancel };
}
