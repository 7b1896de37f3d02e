variable "secret" {
  type      = string
  sensitive = true
}

variable "size" {
  type    = number
  default = 1
}

resource "terraform_data" "root" {
  input            = { size = var.size, nested = { list = [1, var.size], password = var.secret } }
  triggers_replace = { size = var.size }
}

resource "terraform_data" "leaf" {
  input = terraform_data.root.output
}

resource "terraform_data" "counted" {
  count = var.size == 1 ? 2 : 0
  input = "x"
}

resource "terraform_data" "new" {
  input = 1
}

moved {
  from = terraform_data.old
  to   = terraform_data.new
}

removed {
  from = terraform_data.released
  lifecycle {
    destroy = false
  }
}

output "everything" {
  value     = terraform_data.leaf.output
  sensitive = true
}

check "size" {
  assert {
    condition     = var.size == 1
    error_message = "the size is ${var.size}"
  }
}
