import { useId, useState } from "react";
import { CodeBlock } from "@/ui/CodeBlock";
import { INPUT } from "@/ui/Field";
import { Section } from "@/ui/Section";
import { ASSISTANTS } from "./assistants";

/** How an assistant that the person has open already is told of this server. */
export function AssistantSetup() {
  const [name, setName] = useState(ASSISTANTS[0]?.name);
  const id = useId();
  const assistant = ASSISTANTS.find((one) => one.name === name);
  const address = `${location.origin}/mcp`;
  return (
    <Section
      title="Use from an assistant"
      intro="It searches, compares and downloads as you. What is large asks you first."
      aside={
        <>
          <label htmlFor={id} className="sr-only">
            Assistant
          </label>
          <select
            id={id}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            className={`${INPUT} w-auto!`}
          >
            {ASSISTANTS.map((one) => (
              <option key={one.name}>{one.name}</option>
            ))}
          </select>
        </>
      }
    >
      {assistant && (
        <>
          <p className="text-13 text-muted">{assistant.file}</p>
          <Setup
            title="On the machine that Dataferry runs on"
            what={`${assistant.name}, here`}
            code={assistant.here}
          />
          <Setup
            title="On another machine, with a token of the scope read or download"
            what={`${assistant.name}, elsewhere`}
            code={assistant.there(address)}
          />
        </>
      )}
    </Section>
  );
}

function Setup({ title, what, code }: { title: string; what: string; code: string }) {
  return (
    <div className="grid grid-cols-1 gap-1.5">
      <h3 className="text-14">{title}</h3>
      <CodeBlock code={code} what={what} />
    </div>
  );
}
