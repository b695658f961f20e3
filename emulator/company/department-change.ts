import { z } from 'zod';

/** What can be changed about a department; every field as in `Department`. */
export const departmentChange = z.strictObject({
  name: z.string().min(1).optional(),
  parentId: z.int().optional(),
  hidden: z.boolean().optional(),
  permittedDepartments: z.array(z.int()).optional(),
  permittedUsers: z.array(z.string()).optional(),
  restricted: z.boolean().optional(),
  visibleDepartments: z.array(z.int()).optional(),
  visibleUsers: z.array(z.string()).optional(),
});

export type DepartmentChange = z.output<typeof departmentChange>;

/** A new department; an empty one, as in the console. */
export const departmentRequest = z.strictObject({ name: z.string().min(1), parentId: z.int() });
