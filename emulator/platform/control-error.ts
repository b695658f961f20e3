/** A request to the control plane that is refused; the status is the HTTP answer's. */
export class ControlError extends Error {
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}
