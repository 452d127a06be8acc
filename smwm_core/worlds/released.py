def released(task, image_size):
    raise NotImplementedError
