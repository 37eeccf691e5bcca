import { SaveButton } from "@/features/library/SaveButton";
import { CodeBlock } from "@/ui/CodeBlock";
import { Section } from "@/ui/Section";

interface TakeAwayProps {
  name: string;
  /** The repository, on the server's machine. */
  folder: string;
}

/** How the versions come to where they are worked with. */
export function TakeAway({ name, folder }: TakeAwayProps) {
  return (
    <Section
      title="Take it as a repository"
      intro="On this machine by git; on another, unpack the file. Then git datasets init makes its folders."
      aside={
        <SaveButton
          datasetKey={name}
          path="versions/bundle"
          label="Save all versions to this computer, as a tar file"
        >
          All versions
        </SaveButton>
      }
    >
      <CodeBlock code={cloneCommand(folder)} what="Command to clone it" />
    </Section>
  );
}

/** For a shell, whatever the folder is called. */
export function cloneCommand(folder: string): string {
  const quoted = /^[\w@%+=:,./-]+$/.test(folder) ? folder : `'${folder.replaceAll("'", "'\\''")}'`;
  return `cp -r ${quoted} dataset && cd dataset && git datasets init`;
}
