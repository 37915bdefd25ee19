"""The workshop: data and a recipe become a checkpoint.

Everything here but `training.run` is light: it reads recipes and data, keeps jobs as folders, and
starts and watches processes. `training.run` is such a process; only it knows torch.
"""
