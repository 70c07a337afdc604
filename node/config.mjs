import config from "./config.cjs";

export const { WS_EVENTS } = config;
export default WS_EVENTS;
