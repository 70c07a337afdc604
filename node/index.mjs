import signalbox from "./index.cjs";

export const { wsUtils, WS_EVENTS, EmitError } = signalbox;
export default signalbox;
