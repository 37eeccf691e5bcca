import { useQuery } from "@tanstack/react-query";
import { appQuery } from "@/api/queries";
import { OwnUploads } from "@/features/uploads/OwnUploads";
import { Section } from "@/ui/Section";
import { modelWords } from "./modelWords";

/** `/settings/privacy`: what leaves this machine, to whom, and why. */
export default function PrivacyPage() {
  const { data: app } = useQuery(appQuery);
  const modelled = app !== undefined && app.model !== "planner";
  return (
    <>
      <Section
        title="What leaves this machine"
        intro="Everything not named here stays on the server: accounts, chats, downloads, receipts."
      >
        <dl className="divide-y rounded-card border bg-card text-14">
          <Row
            to="The language model"
            what={
              modelled
                ? `Your messages, the chat so far and what searches found go to ${modelWords(app.model)}. So do the columns of a table that you ask in words, a few of their values and, in a chat, the answer's rows; of a dataset that you ask about, its faults and what its versions changed.`
                : "Nothing: no model is set. Keyword search runs on this server."
            }
          />
          <Row
            to="Kaggle"
            what="The words of a search, the datasets you open or download, and your own key, or the server's, if one is set."
          />
          <Row
            to="HuggingFace"
            what="The words of a search, the datasets you open or download, and your own key, or the server's, if one is set."
          />
          <Row to="URLs you give" what="A request for that file, to the server the URL names." />
          <Row
            to="Anyone else"
            what="Nothing. The page loads no script, font or picture from elsewhere, and there is no telemetry."
          />
        </dl>
      </Section>
      <Section title="What stays in this browser">
        <ul className="list-disc pl-5 text-14">
          <li>A cookie that keeps you signed in; no script can read it.</li>
          <li>
            That you are signed in, the theme, the shortcuts setting, and whether the download tray
            is open.
          </li>
        </ul>
      </Section>
      <OwnUploads />
      <Section title="Who can see what">
        <p className="text-14">
          Your downloads are shown to you only, and your chats to you and to those you share them
          with, who see of the datasets in them what they may see anyway. Public datasets in the
          library are shared by all accounts of this server; restricted ones are seen by those with
          access of their own, and by admins.
        </p>
      </Section>
    </>
  );
}

function Row({ to, what }: { to: string; what: string }) {
  return (
    <div className="grid grid-cols-1 gap-x-4 px-3 py-2.5 sm:grid-cols-[10rem_minmax(0,1fr)]">
      <dt className="font-medium">{to}</dt>
      <dd className="text-muted">{what}</dd>
    </div>
  );
}
