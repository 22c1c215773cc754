/** The version of dodai, as package.json has it. Part of what results are kept under. */
export const version = "0.1.0";
