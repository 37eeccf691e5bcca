import { Link } from "@tanstack/react-router";
import type { TableAnswer } from "@/api/types";
import { AnswerView } from "@/features/asking/AnswerView";
import { CodeBlock } from "@/ui/CodeBlock";
import type { QueryOutput } from "./parts";

interface QueryBlockProps {
  output: QueryOutput;
  answer: TableAnswer;
}

/** What a table answered: the SQL, its rows and a chart; the dataset's screen asks on. */
export default function QueryBlock({ output, answer }: QueryBlockProps) {
  const { key, table, tables } = output;
  return (
    <div className="grid grid-cols-1 gap-2">
      <p className="flex flex-wrap items-baseline justify-between gap-x-3 text-13 text-muted">
        <bdi className="min-w-0 wrap-anywhere">{tables[0]?.label}</bdi>
        <Link
          to="/library/$key"
          params={{ key }}
          search={{ tab: "ask", table }}
          className="text-accent underline-offset-2 hover:underline"
        >
          Ask more
        </Link>
      </p>
      {answer.notice && <p className="text-13 text-muted">{answer.notice}</p>}
      <CodeBlock code={answer.sql} what="SQL" />
      <AnswerView
        place={{ key, table }}
        sql={answer.sql}
        result={answer.result}
        chart={answer.chart}
      />
    </div>
  );
}
