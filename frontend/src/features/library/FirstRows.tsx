import { useNavigate, useSearch } from "@tanstack/react-router";
import { PictureSamples } from "./PictureSamples";
import { TablePreview } from "./TablePreview";

interface FirstRowsProps {
  /** As its address has it: a key, or the id of a row. */
  name: string;
  revision?: string;
  here: boolean;
}

/** The table that the address of a dataset's screen names, the choice of another, and some pictures. */
export function FirstRows({ name, revision, here }: FirstRowsProps) {
  const navigate = useNavigate();
  const { file } = useSearch({ from: "/app/library/$key" });
  return (
    <>
      <TablePreview
        datasetKey={name}
        revision={revision}
        here={here}
        file={file}
        onFile={(chosen) =>
          void navigate({
            to: "/library/$key",
            params: { key: name },
            search: { revision, file: chosen },
            resetScroll: false,
          })
        }
      />
      <PictureSamples datasetKey={name} revision={revision} here={here} />
    </>
  );
}
