// The network of a report, of which report.py writes the module: null where it cannot be exported.
export const network = null;
