/** A wish of the control plane that cannot be fulfilled; the status is the HTTP answer's. */
export class ControlError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
