import { useQuery } from "@tanstack/react-query";
import { Play } from "lucide-react";
import { type FormEvent, useId, useState } from "react";
import { asProblem } from "@/api/problem";
import type { TableAnswer } from "@/api/types";
import type { TablePlace } from "@/features/tables/queries";
import { Button } from "@/ui/Button";
import { CopyButton } from "@/ui/CopyButton";
import { INPUT } from "@/ui/Field";
import { ProblemBox } from "@/ui/ProblemBox";
import { Spinner } from "@/ui/Spinner";
import { AnswerView } from "./AnswerView";
import { askableQuery } from "./queries";
import { useAsked } from "./useAsked";

/** Questions to a table: in words or in SQL, which is always shown. */
export default function AskTab({ place }: { place: TablePlace }) {
  const askable = useQuery(askableQuery(place));
  const { answers, answer, choose, running, problem, put, cancel } = useAsked(place);
  const [question, setQuestion] = useState("");
  const id = useId();
  function onSubmit(event: FormEvent) {
    event.preventDefault();
    if (question.trim()) void put(question.trim());
  }
  function askReady(text: string) {
    setQuestion(text);
    void put(text);
  }
  if (askable.error) return <ProblemBox problem={asProblem(askable.error)} />;
  if (!askable.data) return <Spinner label="Opening the table…" />;
  const { questions, model, tables } = askable.data;
  return (
    <div className="grid grid-cols-1 gap-3">
      <form onSubmit={onSubmit} className="grid gap-1">
        <label htmlFor={id} className="text-13 font-medium">
          Ask this table
        </label>
        <div className="flex gap-2">
          <input
            id={id}
            value={question}
            maxLength={2000}
            autoComplete="off"
            aria-describedby={`${id}-how`}
            placeholder={questions[0]?.question ?? "How many rows are there?"}
            onChange={({ currentTarget }) => setQuestion(currentTarget.value)}
            className={INPUT}
          />
          {running === null ? (
            <Button key="ask" type="submit" variant="primary" disabled={!question.trim()}>
              Ask
            </Button>
          ) : (
            // Of one key both would be one element, and a click on Cancel would then submit as Ask.
            <Button key="cancel" onClick={cancel}>
              Cancel
            </Button>
          )}
        </div>
        <p id={`${id}-how`} className="text-13 text-muted wrap-anywhere">
          {model
            ? `${model} writes the SQL: it is told the columns and a few values of each.`
            : "Rules write the SQL, from the names of columns and values. An admin can set a language model."}{" "}
          SQL works too: the table is <code className="font-mono">{tables[0]?.name}</code>.
        </p>
      </form>
      <ul aria-label="Ready questions" className="flex flex-wrap gap-2">
        {questions.map((one) => (
          <li key={one.question} className="max-w-full">
            <Button
              size="sm"
              className="max-w-full truncate rounded-full!"
              onClick={() => askReady(one.question)}
            >
              <span className="truncate">{one.question}</span>
            </Button>
          </li>
        ))}
      </ul>
      {running !== null && <Spinner label="Asking the table…" />}
      {problem && <ProblemBox problem={problem} />}
      {answer && (
        <>
          <Written
            key={answer.sql}
            answer={answer}
            busy={running !== null}
            onRun={(sql) => void put(sql)}
          />
          <AnswerView place={place} sql={answer.sql} result={answer.result} chart={answer.chart} />
        </>
      )}
      {answers.length > 1 && (
        <section aria-label="Earlier questions" className="grid gap-1">
          <h2 className="text-13 font-medium">Earlier questions</h2>
          <ol className="grid grid-cols-1 gap-1">
            {answers.map((one, number) =>
              one === answer ? null : (
                <li key={one.sql} className="min-w-0">
                  <button
                    type="button"
                    onClick={() => choose(number)}
                    className="block max-w-full truncate text-left text-13 text-accent underline-offset-2 hover:underline touch:min-h-11"
                  >
                    {one.question}
                  </button>
                </li>
              ),
            )}
          </ol>
        </section>
      )}
    </div>
  );
}

interface WrittenProps {
  answer: TableAnswer;
  busy: boolean;
  onRun: (sql: string) => void;
}

/** The SQL of an answer, which can be changed and run again. */
function Written({ answer, busy, onRun }: WrittenProps) {
  const [sql, setSql] = useState(answer.sql);
  const id = useId();
  return (
    <div className="grid grid-cols-1 gap-1">
      {answer.notice && <p className="text-13 text-muted">{answer.notice}</p>}
      {answer.why && (
        <p className="text-14 wrap-anywhere">
          {answer.why}
          {answer.repaired && (
            <span className="text-muted"> (Its first SQL failed; this is its second.)</span>
          )}
        </p>
      )}
      <label htmlFor={id} className="sr-only">
        SQL of the answer
      </label>
      <div className="relative">
        <textarea
          id={id}
          value={sql}
          spellCheck={false}
          rows={Math.min(12, sql.split("\n").length + 1)}
          onChange={({ currentTarget }) => setSql(currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) onRun(sql);
          }}
          className="block w-full resize-y rounded-card border bg-panel p-3 pr-11 font-mono text-13 leading-normal touch:text-[16px]"
        />
        <CopyButton text={sql} what="SQL" className="absolute! top-1 right-1 bg-panel!" />
      </div>
      <div className="flex flex-wrap items-center gap-2">
        <Button size="sm" disabled={busy || !sql.trim()} onClick={() => onRun(sql)}>
          <Play aria-hidden /> Run
        </Button>
        <span className="text-12 text-muted">
          One SELECT, which reads this dataset's tables alone. Ctrl+Enter runs it.
        </span>
      </div>
    </div>
  );
}
