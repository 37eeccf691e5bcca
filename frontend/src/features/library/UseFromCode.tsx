import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import { repositoryQuery } from "@/api/queries";
import { CodeBlock } from "@/ui/CodeBlock";
import { ProblemBox } from "@/ui/ProblemBox";
import { ScreenLink } from "@/ui/ScreenLink";
import { Section } from "@/ui/Section";
import { hubCode, hubCommand, hubSettings } from "./hubCode";

interface UseFromCodeProps {
  datasetKey: string;
  revision?: string;
}

/** The two lines with which code that reads the HuggingFace Hub reads this dataset, on any machine. */
export function UseFromCode({ datasetKey, revision }: UseFromCodeProps) {
  const { data, error } = useQuery(repositoryQuery(datasetKey, revision));
  return (
    <Section
      title="Use from code"
      intro={
        <>
          On any machine that reaches this one: code that loads from the HuggingFace Hub, unchanged.
          The token is one of yours, under{" "}
          <ScreenLink
            screen="/settings/tokens"
            className="text-accent underline underline-offset-2"
          >
            Settings, Tokens
          </ScreenLink>
          .
        </>
      }
    >
      {data && (
        <>
          <CodeBlock
            code={`${hubSettings(window.location.origin)}\n${hubCommand(data)}`}
            what="commands that download it from the mirror"
          />
          <CodeBlock code={hubCode(data)} what="code that loads it from the mirror" />
        </>
      )}
      {error && <ProblemBox problem={asProblem(error)} />}
    </Section>
  );
}
