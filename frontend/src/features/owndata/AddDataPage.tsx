import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { datasetQuery } from "@/api/queries";
import { LibraryTabs } from "@/features/library/LibraryTabs";
import { Button } from "@/ui/Button";
import { Field } from "@/ui/Field";
import { Picker } from "@/ui/Picker";
import { Screen } from "@/ui/Screen";
import { Switch } from "@/ui/Switch";
import { FolderFacts } from "./FolderFacts";
import { FolderPicker } from "./FolderPicker";
import { type FolderLook, type GivenFile, lookAt } from "./folder";
import { OnTheirWay } from "./OnTheirWay";
import { SendingCard } from "./SendingCard";
import { sending, useSending, type Wanted } from "./sending";

/** `/library/add`: a folder of one's own becomes a dataset, or more files of one. */
export default function AddDataPage() {
  const { to } = useSearch({ from: "/app/library/add" });
  const state = useSending();
  const [look, setLook] = useState<FolderLook>();
  const [name, setName] = useState("");

  function take(files: GivenFile[]) {
    const found = lookAt(files);
    setLook(found);
    setName((former) => former || found.name);
  }

  return (
    <Screen title={to ? "Add files to a dataset" : "Add your own data"}>
      <LibraryTabs />
      {state.phase === "idle" ? (
        <div className="grid grid-cols-1 gap-4">
          <OnTheirWay onGoOn={setName} />
          <FolderPicker onFiles={take} />
          {look && <FolderFacts look={look} />}
          {look && look.files.length > 0 && look.refused.length === 0 && (
            <Details look={look} to={to} name={name} onName={setName} />
          )}
        </div>
      ) : (
        <SendingCard
          state={state}
          onDone={() => {
            setLook(undefined);
            setName("");
            sending.forget();
          }}
        />
      )}
    </Screen>
  );
}

interface DetailsProps {
  look: FolderLook;
  to: string | undefined;
  name: string;
  onName: (name: string) => void;
}

function Details({ look, to, name, onName }: DetailsProps) {
  const [licence, setLicence] = useState("");
  const [everybody, setEverybody] = useState(false);
  const [unpack, setUnpack] = useState(false);
  const [mode, setMode] = useState<"add" | "replace">("add");
  const dataset = useQuery({ ...datasetQuery(to ?? ""), enabled: to !== undefined });

  function start() {
    const wanted: Wanted = {
      name: to ? "" : name.trim(),
      to,
      mode: to ? mode : "new",
      license: licence.trim() || undefined,
      visibility: everybody ? "public" : "restricted",
      unpack,
    };
    sending.start(wanted, look.files, to ? (dataset.data?.title ?? to) : name.trim());
  }

  return (
    <form
      className="grid gap-4"
      onSubmit={(event) => {
        event.preventDefault();
        start();
      }}
    >
      {to ? (
        <Picker label="The files" value={mode} onChoose={(one) => setMode(one as typeof mode)}>
          <option value="add">come to those of {dataset.data?.title ?? to}</option>
          <option value="replace">take the place of those of {dataset.data?.title ?? to}</option>
        </Picker>
      ) : (
        <>
          <Field
            label="Name"
            required
            maxLength={120}
            value={name}
            onChange={({ target }) => onName(target.value)}
          />
          <Switch
            label="Everybody on this server sees it"
            hint="Else you alone, until you share it."
            checked={everybody}
            onChange={setEverybody}
          />
        </>
      )}
      <Field
        label="Licence"
        hint="A name such as CC-BY-4.0, or your own words. May stay empty."
        maxLength={200}
        value={licence}
        onChange={({ target }) => setLicence(target.value)}
      />
      {look.archives.length > 0 && (
        <Switch
          label="Unpack archives"
          hint="Their members are the dataset's files, in place of the archives."
          checked={unpack}
          onChange={setUnpack}
        />
      )}
      <div>
        <Button type="submit" variant="primary" disabled={!to && !name.trim()}>
          {to ? "Add the files" : "Add the dataset"}
        </Button>
      </div>
    </form>
  );
}
