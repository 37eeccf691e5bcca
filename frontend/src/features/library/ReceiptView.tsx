import { useQuery } from "@tanstack/react-query";
import { asProblem } from "@/api/problem";
import { receiptQuery } from "@/api/queries";
import type { Receipt } from "@/api/types";
import { CopyButton } from "@/ui/CopyButton";
import { Fact, FactList } from "@/ui/FactList";
import { formatBytes, formatTime, plural } from "@/ui/format";
import { ProblemBox } from "@/ui/ProblemBox";
import { Section } from "@/ui/Section";
import { Spinner } from "@/ui/Spinner";
import { FileTable } from "./FileTable";
import { gradeText } from "./grades";

interface ReceiptViewProps {
  datasetKey: string;
  revision?: string;
}

/** What arrived, from where, whose word its checksums are, when, and who asked for it. */
export function ReceiptView({ datasetKey, revision }: ReceiptViewProps) {
  const receipt = useQuery(receiptQuery(datasetKey, revision));
  if (receipt.isError) return <ProblemBox title="Receipt" problem={asProblem(receipt.error)} />;
  if (!receipt.data) return <Spinner label="Reading the receipt…" />;
  return (
    <>
      <Section
        title="Receipt"
        aside={
          <CopyButton text={receipt.data.line} what="receipt line">
            Copy receipt line
          </CopyButton>
        }
      >
        <Facts receipt={receipt.data} />
      </Section>
      <Section
        title="Files"
        intro={`${plural(receipt.data.file_count, "file")}, ${formatBytes(receipt.data.size)}`}
      >
        <FileTable datasetKey={datasetKey} revision={revision} count={receipt.data.file_count} />
      </Section>
    </>
  );
}

function Facts({ receipt }: { receipt: Receipt }) {
  return (
    <FactList>
      <Fact name="Dataset">
        <span className="font-mono text-12">{receipt.ref}</span>
      </Fact>
      <Fact name="Version">
        <span className="font-mono text-12">{receipt.revision}</span>
      </Fact>
      <Fact name="SHA-256 of all files">
        <span className="font-mono text-12">{receipt.checksum}</span>
      </Fact>
      <Fact name="Checksum">{gradeText(receipt.grade)}</Fact>
      <Fact name="Licence">
        {receipt.license ?? "None is stated at the source: ask its author before you use it."}
      </Fact>
      <Fact name="Downloaded">{formatTime(receipt.downloaded_at)}</Fact>
      {receipt.note && <Fact name="On the way">{receipt.note}</Fact>}
      <Fact name="Asked for by">{receipt.requested_by.join(", ")}</Fact>
    </FactList>
  );
}
