import { useState } from "react";
import { Card } from "./parts.jsx";
import { pathOfUser, post } from "./server.js";
import { requestOf, wrongData, wrongName } from "./testEvent.js";

const NOTE =
  "The user’s browsers and apps receive it as any other event. One that is named job_progress, job_completed or job_failed is kept as a real one.";

export function TestEvent({ id }) {
  const [name, setName] = useState("test");
  const [data, setData] = useState('{"hello": "from the admin page"}');
  const [wrong, setWrong] = useState({});
  const [said, setSaid] = useState(null);

  const submit = async (event) => {
    event.preventDefault();
    const found = { name: wrongName(name), data: wrongData(data) };
    setWrong(found);
    setSaid(null);
    if (found.name || found.data) return;
    try {
      const { online } = await post(pathOfUser(id, "emit"), requestOf(name, data));
      setSaid({ words: online ? "Sent. The user is online." : "Taken. The user is not online." });
    } catch (error) {
      setSaid({ words: error.message, bad: true });
    }
  };
  return (
    <Card title="Send a test event" note={NOTE}>
      <form className="fields" onSubmit={submit} noValidate aria-label="Send a test event">
        <Field id="event-name" label="Event" wrong={wrong.name}>
          {(props) => (
            <input type="text" autoComplete="off" spellCheck="false" value={name} onChange={(e) => setName(e.target.value)} {...props} />
          )}
        </Field>
        <Field id="event-data" label="Data (JSON)" wrong={wrong.data}>
          {(props) => <textarea rows="4" spellCheck="false" value={data} onChange={(e) => setData(e.target.value)} {...props} />}
        </Field>
        <div className="row">
          <button>Send</button>
          <p role="status" className={said?.bad ? "problem" : "hint"}>
            {said?.words}
          </p>
        </div>
      </form>
    </Card>
  );
}

function Field({ id, label, wrong, children }) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-invalid": Boolean(wrong), "aria-describedby": `${id}-wrong` })}
      <p className="problem" id={`${id}-wrong`} role="alert">
        {wrong}
      </p>
    </div>
  );
}
