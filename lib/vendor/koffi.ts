import koffi from "koffi";

export const { load, sizeof } = koffi;
